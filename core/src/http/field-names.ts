/**
 * Fields of the contract by the names that callers of an API know them by.
 *
 * @module
 */
import type { ImageRequest } from '@easel/plugin-sdk';
import type { ErrorAnswer } from './errors.js';

/** Absent: the API has the contract's own name, in snake case. */
export type FieldNames = Readonly<Partial<Record<keyof ImageRequest, string>>>;

/**
 * An answer about a field of the contract as one about the caller's field: `negativePrompt` is
 * `negative_prompt`, or what the API calls it.
 */
export function inCallersWords(answer: ErrorAnswer, names: FieldNames): ErrorAnswer {
  const { param, message } = answer;
  if (param === null) return answer;
  const [head = '', ...rest] = param.split('.');
  const own = Object.hasOwn(names, head) ? names[head as keyof ImageRequest] : snakeCase(head);
  const named = [own, ...rest].join('.');
  const isPrefixed = message.startsWith(`${param}: `);
  return { ...answer, param: named, message: isPrefixed ? named + message.slice(param.length) : message };
}

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
