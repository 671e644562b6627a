import { invalidFiles } from '../invalid-files.js';
import type { ByteReader } from './byte-reader.js';

/** A value of a file's metadata; whole numbers of 64 bits are bigints. */
export type GgufValue = number | bigint | string | boolean | readonly GgufValue[];
export type GgufMetadata = ReadonlyMap<string, GgufValue>;

interface Kind {
  /** The fewest bytes that a value takes. */
  readonly bytes: number;
  read(reader: ByteReader): GgufValue;
}

const arrayKind = 9;
const textKind = 8;

/** By their numbers in the file. */
const kinds: Readonly<Record<number, Kind>> = {
  0: { bytes: 1, read: (reader) => reader.u8() },
  1: { bytes: 1, read: (reader) => reader.i8() },
  2: { bytes: 2, read: (reader) => reader.u16() },
  3: { bytes: 2, read: (reader) => reader.i16() },
  4: { bytes: 4, read: (reader) => reader.u32() },
  5: { bytes: 4, read: (reader) => reader.i32() },
  6: { bytes: 4, read: (reader) => reader.f32() },
  7: { bytes: 1, read: (reader) => reader.u8() !== 0 },
  [textKind]: { bytes: 8, read: (reader) => reader.text('a text of the metadata') },
  10: { bytes: 8, read: (reader) => reader.u64() },
  11: { bytes: 8, read: (reader) => reader.i64() },
  12: { bytes: 8, read: (reader) => reader.f64() },
};

/** The kind of an array's elements and their number. */
const arrayHeadBytes = 12;
/** The length of a key, the kind of a value, and the least value. */
const leastEntryBytes = 13;
const maximumDepth = 4;

/** The number of a file's metadata entries. */
export const countEntries = (reader: ByteReader): number => reader.count('metadata entries', leastEntryBytes);

/**
 * Reads so many entries of a file's metadata.
 *
 * @throws ERR_MODEL_FILES_INVALID for kinds that do not exist and for keys that occur twice
 */
export function readMetadata(path: string, reader: ByteReader, count: number): GgufMetadata {
  const metadata = new Map<string, GgufValue>();
  for (let index = 0; index < count; index += 1) {
    const key = reader.text('a key of the metadata');
    if (metadata.has(key)) throw invalidFiles(`${path} is damaged: its metadata has "${key}" twice.`);
    metadata.set(key, readValue(path, key, reader, reader.u32(), 0));
  }
  return metadata;
}

function readValue(path: string, key: string, reader: ByteReader, kind: number, depth: number): GgufValue {
  if (kind === arrayKind) return readArray(path, key, reader, depth + 1);
  return kindOf(path, key, kind).read(reader);
}

function readArray(path: string, key: string, reader: ByteReader, depth: number): GgufValue {
  if (depth > maximumDepth)
    throw invalidFiles(`${path} is damaged: "${key}" has arrays in arrays of its metadata, too deep.`);
  const kind = reader.u32();
  const bytes = kind === arrayKind ? arrayHeadBytes : kindOf(path, key, kind).bytes;
  const count = reader.count(`elements of "${key}"`, bytes);
  const values: GgufValue[] = [];
  for (let index = 0; index < count; index += 1) values.push(readValue(path, key, reader, kind, depth));
  return values;
}

function kindOf(path: string, key: string, kind: number): Kind {
  const known = kinds[kind];
  if (known) return known;
  throw invalidFiles(
    `${path} is damaged: "${key}" of its metadata is of kind ${kind}, which does not exist.`,
  );
}

/**
 * A text of the metadata; undefined where there is none.
 *
 * @throws ERR_MODEL_FILES_INVALID for something else than a text
 */
export function textIn(path: string, metadata: GgufMetadata, key: string): string | undefined {
  const value = metadata.get(key);
  if (value === undefined || typeof value === 'string') return value;
  throw invalidFiles(`${path} is damaged: "${key}" of its metadata is not a text.`);
}

/** Like {@link textIn}, for a whole number. */
export function integerIn(path: string, metadata: GgufMetadata, key: string): number | undefined {
  const value = metadata.get(key);
  if (value === undefined || (typeof value === 'number' && Number.isInteger(value))) return value;
  throw invalidFiles(`${path} is damaged: "${key}" of its metadata is not a whole number of 32 bits.`);
}
