import { z } from 'zod';
import type { Component } from '../checkpoint/component.js';
import { invalidFiles } from '../checkpoint/invalid-files.js';

/** Far beyond any network, and small enough that a damaged config cannot make graphs of all memory. */
export const count = z
  .int()
  .positive()
  .max(2 ** 20);

/** One number for all levels, or one a level. */
export const countPerLevel = z.union([count, z.array(count)]);

/** A key that is supported with these values alone; where it is absent it has the first of them. */
export const only = <const Value extends string | number | boolean | null>(...values: [Value, ...Value[]]) =>
  z.literal(values).default(values[0] as never);

/**
 * Checks a component's config.json against what a network supports. Keys that the schema does not know are
 * tolerated.
 *
 * @throws ERR_MODEL_FILES_INVALID naming the first key and value that are not supported
 */
export function parseConfig<Schema extends z.ZodType>(
  component: Component,
  schema: Schema,
): z.output<Schema> {
  const parsed = schema.safeParse(component.config);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path ?? [];
  const key = path.length > 0 ? `"${path.join('.')}"` : 'the whole file';
  const value = path.reduce<unknown>(
    (parent, step) => (parent as Record<PropertyKey, unknown> | null | undefined)?.[step],
    component.config,
  );
  throw invalidFiles(
    `${component.configFile}: ${key} is ${JSON.stringify(value) ?? 'missing'}, which is not supported (${issue?.message}).`,
    'This engine cannot run this network; choose another model.',
  );
}
