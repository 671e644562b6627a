/**
 * Messages as they travel: JSON, and beside it the byte arrays that it holds, so that each is bounded by
 * itself before anything of it is read.
 *
 * @module
 */
import { z } from 'zod';
import { firstProblem } from '../../config/first-problem.js';

/** What one message may have. */
export interface MessageLimits {
  /** Bytes of its JSON. */
  readonly json: number;
  /** Values in its JSON: numbers, texts, flags, arrays, objects. */
  readonly values: number;
  /** Levels of arrays and objects. */
  readonly depth: number;
  /** Bytes of its byte arrays, all together. */
  readonly binary: number;
}

const mebibyte = 1024 * 1024;
/** Sixteen 4096x4096 PNGs fit. */
const binary = 512 * mebibyte;
/** Some milliseconds of the kernel's time at most. */
export const fromPluginLimits: MessageLimits = { json: mebibyte, values: 5_000, depth: 32, binary };
/** The kernel is trusted; what callers put into requests has been bounded before. */
export const fromKernelLimits: MessageLimits = { json: 64 * mebibyte, values: 1_000_000, depth: 100, binary };

export interface EncodedMessage {
  readonly json: string;
  readonly parts: readonly Uint8Array[];
}

const placesSchema = z.array(
  z.object({ path: z.array(z.union([z.string(), z.int()])), bytes: z.int().nonnegative() }),
);

/**
 * Takes the byte arrays out of a message. Throws a RangeError for one beyond the limits, a TypeError for what
 * is not JSON, such as a function.
 */
export function encodeMessage(message: unknown, limits: MessageLimits): EncodedMessage {
  const parts: Uint8Array[] = [];
  const places: { path: (string | number)[]; bytes: number }[] = [];
  let [values, bytes] = [0, 0];

  const take = (view: ArrayBufferView, path: readonly (string | number)[]): null => {
    bytes += view.byteLength;
    if (bytes > limits.binary) throw tooLarge(`of ${bytes} bytes`, `${limits.binary}`);
    parts.push(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
    places.push({ path: [...path], bytes: view.byteLength });
    return null;
  };
  const copy = (value: unknown, path: readonly (string | number)[]): unknown => {
    if (++values > limits.values) throw tooLarge('with more values', `${limits.values} of them`);
    if (path.length > limits.depth) throw tooLarge('with more levels', `${limits.depth} of them`);
    if (ArrayBuffer.isView(value)) return take(value, path);
    if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint')
      throw new TypeError(`a ${typeof value} could not be cloned (${path.join('.')})`);
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((item, index) => copy(item, [...path, index]));
    if (hasToJson(value)) return copy(value.toJSON(), path);
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copy(item, [...path, key])]));
  };

  const json = JSON.stringify({ message: copy(message, []), places });
  if (json.length > limits.json) throw tooLarge(`of ${json.length} bytes of JSON`, `${limits.json}`);
  return { json, parts };
}

/**
 * Reads the JSON of a message, and where its byte arrays belong. Throws where it is beyond the limits, or is
 * not a message.
 */
export function decodeMessage(
  json: Buffer,
  limits: MessageLimits,
): { sizes: readonly number[]; complete: (parts: readonly Uint8Array[]) => unknown } {
  checkComplexity(json, limits);
  const { message, places: given } = JSON.parse(json.toString()) as { message?: unknown; places?: unknown };
  const parsed = placesSchema.safeParse(given);
  if (!parsed.success) throw new Error(firstProblem(parsed.error));
  const places = parsed.data;
  const complete = (parts: readonly Uint8Array[]) => {
    const holder = { message };
    for (const [index, { path }] of places.entries())
      put(holder, ['message', ...path], parts[index] as Uint8Array);
    return holder.message;
  };
  return { sizes: places.map(({ bytes }) => bytes), complete };
}

/** Only where `null` keeps its place: nothing else is reached or replaced. */
function put(holder: object, path: readonly (string | number)[], part: Uint8Array): void {
  let target: unknown = holder;
  for (const key of path.slice(0, -1))
    target =
      isObject(target) && Object.hasOwn(target, key) ? (target as Record<string, unknown>)[key] : undefined;
  const last = path.at(-1) as string;
  if (!isObject(target) || !Object.hasOwn(target, last) || (target as Record<string, unknown>)[last] !== null)
    throw new Error('bytes have no place in their message');
  Object.defineProperty(target, last, { value: part, writable: true, enumerable: true, configurable: true });
}

const [quote, backslash, comma, openArray, closeArray, openObject, closeObject] = [...'"\\,[]{}'].map(
  (character) => character.charCodeAt(0),
);

/** Goes over a JSON text once, without building anything of it. Whether it is valid is left to the parser. */
function checkComplexity(text: Buffer, limits: MessageLimits): void {
  let [depth, values] = [0, 1];
  for (let at = 0; at < text.length; at++) {
    const byte = text[at];
    if (byte === quote) at = endOfString(text, at + 1);
    else if (byte === closeArray || byte === closeObject) depth--;
    else if (byte === comma) values++;
    else if (byte === openArray || byte === openObject) {
      values++;
      depth++;
    }
    // The frame and the places of byte arrays have some of their own.
    if (values > 2 * limits.values) throw new Error(`it has more than ${limits.values} values`);
    if (depth > limits.depth + 4) throw new Error(`it has more than ${limits.depth} levels`);
  }
}

function endOfString(text: Buffer, start: number): number {
  for (let from = start; ; ) {
    const at = text.indexOf(quote as number, from);
    if (at === -1) return text.length;
    let escapes = at;
    while (escapes > start && text[escapes - 1] === backslash) escapes--;
    if ((at - escapes) % 2 === 0) return at;
    from = at + 1;
  }
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const hasToJson = (value: object): value is { toJSON(): unknown } =>
  typeof (value as { toJSON?: unknown }).toJSON === 'function';
const tooLarge = (what: string, limit: string) => new RangeError(`a message ${what} is larger than ${limit}`);
