/**
 * The `parameters` text that AUTOMATIC1111 writes into its pictures and that many other tools read: the
 * prompt, a line "Negative prompt: ...", and a last line of "Key: value" pairs. A value with a comma, a colon
 * or a line break is quoted as a JSON string.
 *
 * @module
 */
import { parameterNames } from '@easel/plugin-sdk';
import { parameters } from '../models/parameters.js';
import type { UsedParameters } from './image-result.js';

const negativePrefix = 'Negative prompt:';
/** A last line with fewer pairs than this is a line of the prompt. */
const leastPairs = 3;

/** The text for one picture; `version` is what made it, for example `Easel 0.1.0`. */
export function formatParametersText(values: UsedParameters, model: string, version: string): string {
  const { prompt, negativePrompt, sampler, samplerLabel, width, height } = values;
  const used: UsedParameters = { ...values, sampler: samplerLabel?.sampler ?? sampler };
  const pairs = [
    ...parameterNames.flatMap((name) => {
      const pair = [parameters[name].textKey, used[name]];
      return name === 'sampler' ? [pair, ['Schedule type', samplerLabel?.schedule]] : [pair];
    }),
    ['Size', `${width}x${height}`],
    ['Model', model],
    ['Version', version],
  ];
  const lastLine = pairs
    .filter(([key, value]) => key !== undefined && value !== undefined)
    .map(([key, value]) => `${key}: ${quote(String(value))}`)
    .join(', ');
  return [prompt, ...(negativePrompt ? [`${negativePrefix} ${negativePrompt}`] : []), lastLine].join('\n');
}

/** What was taken apart, put together again. */
export function printParametersText({ prompt, negativePrompt, values }: ParsedParametersText): string {
  const lastLine = [...values].map(([key, value]) => `${key}: ${quote(value)}`).join(', ');
  const lines = [prompt, negativePrompt && `${negativePrefix} ${negativePrompt}`, lastLine];
  return lines.filter((line) => line !== '').join('\n');
}

/** A `parameters` text taken apart; nothing of it has been understood yet. */
export interface ParsedParametersText {
  readonly prompt: string;
  /** Empty: none. */
  readonly negativePrompt: string;
  /** The pairs of the last line, as text, by the key as it is written. */
  readonly values: ReadonlyMap<string, string>;
}

/** Takes a `parameters` text apart, as its inventor does; any text is one, at worst a prompt alone. */
export function parseParametersText(text: string): ParsedParametersText {
  const lines = text.trim().split(/\r?\n/);
  let values = parsePairs(lines.at(-1) ?? '');
  if (values.size < leastPairs) values = new Map();
  else lines.pop();
  const trimmed = lines.map((line) => line.trim());
  const negativeAt = trimmed.findIndex((line) => line.startsWith(negativePrefix));
  const promptLines = negativeAt < 0 ? trimmed : trimmed.slice(0, negativeAt);
  const negativeLines = negativeAt < 0 ? [] : trimmed.slice(negativeAt);
  return {
    prompt: promptLines.join('\n').trim(),
    negativePrompt: negativeLines.join('\n').slice(negativePrefix.length).trim(),
    values,
  };
}

function parsePairs(line: string): Map<string, string> {
  // The key is bounded: without that, a long line of words would be scanned anew from each of its characters.
  const pair = /(?<![\w/-])(\w[\w /-]{1,99}):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)/g;
  const values = new Map<string, string>();
  for (const [, key = '', value = ''] of line.matchAll(pair)) {
    if (!values.has(key)) values.set(key, unquote(value.trim()));
  }
  return values;
}

const quote = (value: string) => (/[,:\n]/.test(value) ? JSON.stringify(value) : value);

function unquote(value: string): string {
  if (!/^".*"$/.test(value)) return value;
  try {
    const parsed: unknown = JSON.parse(value);
    return typeof parsed === 'string' ? parsed : value;
  } catch {
    return value;
  }
}
