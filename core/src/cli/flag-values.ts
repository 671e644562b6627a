/**
 * Values of flags, from text. Ranges come from the contract, so that there is one place for them.
 *
 * @module
 */
import { type ImageRequest, imageRequestSchema, type OutputFormat, outputFormats } from '@easel/plugin-sdk';
import type { z } from 'zod';
import { UsageError } from './terminal/usage-error.js';

type Fields = typeof imageRequestSchema.shape;
type NumberField = {
  [Name in keyof Fields]: Fields[Name] extends z.ZodOptional<z.ZodNumber> | z.ZodDefault<z.ZodNumber>
    ? Name
    : never;
}[keyof Fields];
const secondMs = 1_000;

/**
 * A number within the contract's range for the field. Throws a UsageError that names the flag and the range.
 */
export function parseNumber(flag: string, text: string, field: NumberField): number {
  const value = toNumber(text);
  if (imageRequestSchema.shape[field].safeParse(value).success) return value;
  const { minValue, maxValue, format } = imageRequestSchema.shape[field].unwrap();
  const kind = format === 'safeint' ? 'a whole number' : 'a number';
  throw new UsageError(`${flag} ${shorten(text)}: must be ${kind} from ${minValue} to ${maxValue}`);
}

/** `768x512` or `512`, in pixels. */
export function parseSize(flag: string, text: string): { width: number; height: number } {
  const [, width = '', height = width] = /^([^x×]+)(?:[x×]([^x×]+))?$/i.exec(text.trim()) ?? [];
  if (!/^\d+$/.test(width) || !/^\d+$/.test(height)) {
    throw new UsageError(
      `${flag} ${shorten(text)}: must be WIDTHxHEIGHT, such as 768x512, or one number for both`,
    );
  }
  return { width: parseNumber(flag, width, 'width'), height: parseNumber(flag, height, 'height') };
}

/** Seconds as milliseconds. */
export function parseTimeout(flag: string, text: string): number {
  const timeoutMs = Math.round(toNumber(text) * secondMs);
  const schema = imageRequestSchema.shape.timeoutMs;
  if (schema.safeParse(timeoutMs).success) return timeoutMs;
  const most = (schema.unwrap().maxValue ?? 0) / secondMs;
  throw new UsageError(`${flag} ${shorten(text)}: must be a number of seconds above 0, at most ${most}`);
}

/** A whole number from 1 on; undefined where nothing was said. */
export function parseCount(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const count = toNumber(text);
  if (Number.isInteger(count) && count >= 1) return count;
  throw new UsageError(`${flag} ${shorten(text)}: must be a whole number from 1`);
}

/** An amount from 0 on; undefined where nothing was said. */
export function parseDollars(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const amount = toNumber(text);
  if (amount >= 0) return amount;
  throw new UsageError(`${flag} ${shorten(text)}: must be an amount of US dollars, such as 2.50`);
}

/** A TCP port; undefined where nothing was said. */
export function parsePort(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = toNumber(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new UsageError(`${flag} ${shorten(text)}: must be a whole number from 0 to 65535`);
}

export function parseFormat(flag: string, text: string): OutputFormat {
  const name = text.toLowerCase() === 'jpg' ? 'jpeg' : text.toLowerCase();
  const format = outputFormats.find((known) => known === name);
  if (format) return format;
  throw new UsageError(`${flag} ${shorten(text)}: must be one of ${outputFormats.join(', ')}`);
}

export function parsePreference(flag: string, text: string): NonNullable<ImageRequest['prefer']> {
  const schema = imageRequestSchema.shape.prefer.unwrap();
  const { success, data } = schema.safeParse(text);
  if (success) return data;
  throw new UsageError(`${flag} ${shorten(text)}: must be one of ${schema.options.join(', ')}`);
}

/** `<plugin>.<key>=<json>`, any number of them, as the request's provider options. */
export function parseOptions(
  flag: string,
  texts: readonly string[],
): NonNullable<ImageRequest['providerOptions']> {
  type Options = NonNullable<ImageRequest['providerOptions']>;
  const byPlugin = new Map<string, Map<string, Options[string][string]>>();
  for (const text of texts) {
    const [, plugin, key, json] = /^([^.=]+)\.([^=]+)=(.*)$/s.exec(text) ?? [];
    if (plugin === undefined || key === undefined || json === undefined) {
      throw new UsageError(`${flag} ${shorten(text)}: must be <plugin>.<key>=<json>`);
    }
    const options = byPlugin.get(plugin) ?? new Map();
    options.set(key, parseJson(flag, text, json));
    byPlugin.set(plugin, options);
  }
  return Object.fromEntries([...byPlugin].map(([plugin, options]) => [plugin, Object.fromEntries(options)]));
}

function parseJson(flag: string, text: string, json: string) {
  try {
    return JSON.parse(json);
  } catch {
    throw new UsageError(
      `${flag} ${shorten(text)}: what follows the "=" is not JSON`,
      `Texts need quotes that the shell leaves alone: ${flag} 'plugin.key="text"'`,
    );
  }
}

const toNumber = (text: string) => (/^-?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : Number.NaN);
const shorten = (text: string) => (text.length > 60 ? `${text.slice(0, 60)}...` : text || '""');
