/**
 * Values as Automatic1111 takes them: its API is read by a library that makes numbers and flags of text, and
 * its clients count on that.
 *
 * @module
 */
import { z } from 'zod';

/** A number, or text that is one. Absent, null and empty text: none. */
export const number = <Schema extends z.ZodType<number | undefined>>(schema: Schema) =>
  z.preprocess((value) => {
    if (typeof value !== 'string') return value;
    const text = value.trim();
    return text === '' ? undefined : Number(text);
  }, schema.nullish());

const flags: ReadonlyMap<string, boolean> = new Map([
  ...['true', '1', 'yes', 'on'].map((text) => [text, true] as const),
  ...['false', '0', 'no', 'off'].map((text) => [text, false] as const),
]);

/** A flag, or a number or text that stands for one. Absent, null and empty text: none. */
export const flag = z.preprocess((value) => {
  if (typeof value !== 'string' && typeof value !== 'number') return value;
  const text = String(value).trim().toLowerCase();
  return text === '' ? undefined : (flags.get(text) ?? value);
}, z.boolean().nullish());
