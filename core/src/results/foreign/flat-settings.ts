import type { ParsedParametersText } from '../parameters-text.js';

/** Settings of a program, as a JSON object of names and values. */
export type Settings = Readonly<Record<string, unknown>>;

/** Keys of AUTOMATIC1111's text for what a request has. */
export type Key = 'Steps' | 'Sampler' | 'Schedule type' | 'CFG scale' | 'Seed' | 'Model';

/** What a program calls them. */
export interface SettingNames {
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly keys: Readonly<Record<string, Key>>;
  /** Names of what says nothing about what to make. */
  readonly silent: readonly string[];
}

/**
 * Settings as AUTOMATIC1111's text has them: what it has a key for under that key, the rest under the
 * program's own names.
 */
export function readSettings(
  settings: Settings,
  { prompt, negativePrompt, keys, silent }: SettingNames,
): ParsedParametersText {
  const values = new Map<string, string>();
  const { width, height } = settings;
  if (isThere(width) && isThere(height)) values.set('Size', `${width}x${height}`);
  const read = [prompt, negativePrompt, 'width', 'height', ...silent];
  for (const [name, value] of Object.entries(settings)) {
    if (read.includes(name) || !isThere(value)) continue;
    values.set(keys[name] ?? name, textOf(value));
  }
  return { prompt: textOf(settings[prompt]), negativePrompt: textOf(settings[negativePrompt]), values };
}

/** A value that asks for something. */
const isThere = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== '' && value !== false && !isEmptyList(value);

const isEmptyList = (value: unknown) => Array.isArray(value) && value.length === 0;

export function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value).trim();
}

/** A text as a JSON object; undefined where it is none. */
export function objectOf(text: string | undefined): Settings | undefined {
  if (text === undefined || !/^\s*\{/.test(text)) return undefined;
  try {
    // Some programs write NaN, which is no JSON.
    const json: unknown = JSON.parse(text.replace(/(?<=[[:,]\s*)(?:NaN|-?Infinity)(?=\s*[,\]}])/g, 'null'));
    return isObject(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

export const isObject = (value: unknown): value is Settings =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
