/**
 * Values as Automatic1111 takes them: its API is read by a library that makes numbers and flags of text, and its clients count on that.
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

const flags: Readonly<Record<string, boolean>> = {
  true: true,
  false: false,
  '1': true,
  '0': false,
  yes: true,
  no: false,
  on: true,
  off: false,
};

/** A flag, or a number or text that stands for one. Absent, null and empty text: none. */
export const flag = z.preprocess(
  (value) => (value === '' ? undefined : (flags[String(value).toLowerCase()] ?? value)),
  z.boolean().nullish(),
);
