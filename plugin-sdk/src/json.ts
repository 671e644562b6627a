import { z } from 'zod';

/** Levels, values and characters of text that one field of plain JSON may have. */
export const jsonLimits = { levels: 64, values: 10_000, characters: 4 * 1024 * 1024 } as const;

/**
 * Whether it is what JSON can say, within {@link jsonLimits}. Goes over the values without recursion, and
 * stops at the first that is one too many, so that it is safe to ask of anything.
 */
export function isPlainJson(value: unknown): boolean {
  let [values, characters] = [0, 0];
  const open: { readonly value: unknown; readonly level: number }[] = [{ value, level: 0 }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { value: one, level } = next;
    if (++values > jsonLimits.values || level > jsonLimits.levels) return false;
    if (typeof one === 'string') characters += one.length;
    else if (typeof one === 'object' && one !== null) {
      if (!Array.isArray(one) && !isRecord(one)) return false;
      const [names, parts] = Array.isArray(one) ? [[], one] : [Object.keys(one), Object.values(one)];
      if (parts.length + open.length > jsonLimits.values) return false;
      for (const name of names) characters += name.length;
      for (const part of parts) open.push({ value: part, level: level + 1 });
    } else if (one !== null && typeof one !== 'boolean' && !Number.isFinite(one)) return false;
    if (characters > jsonLimits.characters) return false;
  }
  return true;
}

function isRecord(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Plain JSON. In place of zod's own `z.json()`, which builds an object for every value and has no bounds. */
export const jsonSchema = z.custom<z.core.util.JSONType>(
  isPlainJson,
  `must be plain JSON of at most ${jsonLimits.values} values, ${jsonLimits.levels} levels and ${jsonLimits.characters} characters`,
);
