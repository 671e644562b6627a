import {
  type Cost,
  costSchema,
  EaselError,
  generationResultSchema,
  type MemoryPlan,
  memoryPlanSchema,
  type ValidGenerationResult,
} from '@easel/plugin-sdk';
import type { z } from 'zod';
import { firstProblem } from '../../config/first-problem.js';
import { checkImage } from './check-image.js';
import { type Started, startedSchema } from './protocol.js';

/**
 * The pictures that a plugin answered. Their media types and sizes are those of their files, with a warning
 * where the plugin said others. Throws ERR_PLUGIN_PROTOCOL, which says which field is wrong, also for bytes
 * that are no image.
 */
export function parseResult(value: unknown, plugin: string): ValidGenerationResult {
  const result = parseAnswer(generationResultSchema, value, plugin, 'a result');
  const checked = result.images.map((image, index) => checkImage(image, index, plugin));
  return {
    ...result,
    images: checked.map(({ image }) => image),
    warnings: [...result.warnings, ...checked.flatMap(({ warnings }) => warnings)],
  };
}

/** What a plugin planned, if it did. Throws ERR_PLUGIN_PROTOCOL, which says which field is wrong. */
export const parsePlan = (value: unknown, plugin: string): MemoryPlan | undefined =>
  parseAnswer(memoryPlanSchema.optional(), value ?? undefined, plugin, 'a plan');

/** What a plugin estimated, if it did. Throws ERR_PLUGIN_PROTOCOL, which says which field is wrong. */
export const parseCost = (value: unknown, plugin: string): Cost | undefined =>
  parseAnswer(costSchema.optional(), value ?? undefined, plugin, 'a cost');

/**
 * What a plugin tells of itself at its start. Throws ERR_PLUGIN_PROTOCOL, which says which field is wrong.
 */
export const parseStarted = (value: unknown, plugin: string): Started =>
  parseAnswer(startedSchema, value, plugin, 'a start');

function parseAnswer<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  plugin: string,
  what: string,
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new EaselError({
    code: 'ERR_PLUGIN_PROTOCOL',
    plugin,
    message: `The plugin "${plugin}" answered ${what} that is not of the contract: ${firstProblem(parsed.error)}.`,
  });
}
