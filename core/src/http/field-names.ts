/**
 * Fields of the contract by the names that callers of an API know them by.
 *
 * @module
 */
import { type ImageRequest, imageRequestSchema, type Warning } from '@easel/plugin-sdk';
import type { ErrorAnswer } from './errors.js';

/**
 * Fields of the contract, and options of plugins that the API has fields for. Absent: the API has the
 * contract's own name, in snake case.
 */
export type FieldNames = Readonly<Partial<Record<keyof ImageRequest, string>>> & {
  readonly options?: Readonly<Record<string, string>>;
};

/**
 * An answer about a field of the contract as one about the caller's field: `negativePrompt` is
 * `negative_prompt`, or what the API calls it.
 */
export function inCallersWords(given: ErrorAnswer, names: FieldNames): ErrorAnswer {
  const answer = aboutOption(given, names);
  const { param, message, hint } = answer;
  const told = { ...answer, hint: hint === undefined ? undefined : renameFields(hint, names) };
  if (param === null) return { ...told, message: renameFields(message, names) };
  return { ...told, param: ownName(param, names), message: renameIn(message, param, names) };
}

/** An error about the options of a plugin as one about the option, where the API has a field for it. */
function aboutOption(answer: ErrorAnswer, { options = {} }: FieldNames): ErrorAnswer {
  const { param, message } = answer;
  if (param === null || !/^providerOptions\.[\w-]+$/.test(param)) return answer;
  const [, about = '', option = ''] = /^[\w.-]+: ((\w+): .*)$/s.exec(message) ?? [];
  return Object.hasOwn(options, option) ? { ...answer, param: option, message: about } : answer;
}

/** Warnings of the kernel and of plugins as ones about the caller's fields. */
export const warningsInCallersWords = (warnings: readonly Warning[], names: FieldNames): Warning[] =>
  warnings.map((warning) => {
    const { parameter, message } = warning;
    if (parameter === undefined) return { ...warning, message: renameFields(message, names) };
    return {
      ...warning,
      parameter: ownName(parameter, names),
      message: renameIn(message, parameter, names),
    };
  });

/** A message that may begin with the field that it is about. */
function renameIn(message: string, field: string, names: FieldNames): string {
  const rest = message.slice(field.length);
  const isFirst = message.startsWith(field) && !/^[\w.-]/.test(rest);
  return isFirst ? ownName(field, names) + renameFields(rest, names) : renameFields(message, names);
}

/** A path such as `providerOptions.brush.clipSkip`. */
function ownName(path: string, names: FieldNames): string {
  const [head = '', ...rest] = path.split('.');
  const asked = head === 'providerOptions' ? (rest[1] ?? '') : head;
  const { options = {} } = names;
  if (Object.hasOwn(options, asked)) return options[asked]!;
  return [nameOf(head, names), ...rest].join('.');
}

const nameOf = (field: string, names: FieldNames): string => {
  const name = Object.hasOwn(names, field) ? names[field as keyof ImageRequest] : undefined;
  return name ?? snakeCase(field);
};

/** Of the contract's names, those that are no words of English. */
const unmistakable = Object.keys(imageRequestSchema.shape).filter((name) => /[A-Z]/.test(name));
const mentioned = new RegExp(`(?<![\\w.])(?:${unmistakable.join('|')})(?!\\w)`, 'g');

const renameFields = (text: string, names: FieldNames): string =>
  text.replace(mentioned, (field) => nameOf(field, names));

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
