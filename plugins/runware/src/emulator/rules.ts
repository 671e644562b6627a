/**
 * Rules for single values of a task, with the codes that Runware answers.
 *
 * @module
 */
import type { RunwareError } from './errors.js';

export type Fields = Readonly<Record<string, unknown>>;

/** Says what is wrong with a value, or undefined where nothing is. */
export type Rule = (value: unknown) => Omit<RunwareError, 'parameter'> | undefined;

export const wrong = (code: string, message: string, more: Partial<RunwareError> = {}) => ({
  code,
  message,
  ...more,
});

export const number =
  (min: number, max: number, { isInteger = true, multipleOf = 1 } = {}): Rule =>
  (value) => {
    const type = isInteger ? 'integer' : 'float';
    if (typeof value !== 'number' || (isInteger && !Number.isInteger(value)))
      return wrong('invalidType', `It must be a number of type ${type}.`, { type });
    if (value < min) return wrong('valueTooSmall', `It must be at least ${min}.`, { type, min, max });
    if (value > max) return wrong('valueTooLarge', `It must be at most ${max}.`, { type, min, max });
    return value % multipleOf === 0 || !isInteger
      ? undefined
      : wrong('invalidMultiple', `It must be a multiple of ${multipleOf}.`, { type, min, max });
  };

export const text =
  (min: number, max: number): Rule =>
  (value) =>
    typeof value === 'string' && value.length >= min && value.length <= max
      ? undefined
      : wrong('invalidLength', `It must be a text of ${min} to ${max} characters.`, {
          type: 'string',
          min,
          max,
        });

export const oneOf =
  (...allowed: readonly unknown[]): Rule =>
  (value) =>
    allowed.includes(value) ? undefined : wrong('invalidValue', `It must be one of ${allowed.join(', ')}.`);

export const picture: Rule = (value) =>
  typeof value === 'string' &&
  /^(data:image\/(png|jpeg|webp);base64,|https?:\/\/|[0-9a-f-]{36}$|[A-Za-z0-9+/]{40})/.test(value)
    ? undefined
    : wrong('invalidImage', 'It must be a UUID, a data URI, base64 or a URL.');

export const air: Rule = (value) =>
  typeof value === 'string' && /^[a-z]+:[\w.-]+@[\w.-]+$/.test(value)
    ? undefined
    : wrong('invalidModel', 'It must be an AIR identifier, like runware:101@1.', { type: 'string' });

export const list =
  (rule: Rule): Rule =>
  (value) =>
    Array.isArray(value) && value.length > 0
      ? value.map(rule).find((problem) => problem !== undefined)
      : wrong('invalidType', 'It must be an array that is not empty.', { type: 'array' });

export const anything: Rule = () => undefined;
export const anObject: Rule = (value) =>
  typeof value === 'object' && value !== null ? undefined : wrong('invalidType', 'It must be an object.');
