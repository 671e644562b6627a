import type { FileHandle } from 'node:fs/promises';
import { EaselError } from '@easel/plugin-sdk';
import { encodeBlocks, encodeRows } from './codes.js';
import { floatTypes } from './float-types.js';
import type { Place, Unit } from './layout.js';
import { layerNote } from './safetensors-layout.js';

/** Bytes for a place of the file, and how many bytes of the model they were made of. */
export interface Piece {
  /** Which of the unit's places. */
  readonly place: number;
  readonly bytes: Buffer;
  readonly read: number;
}

/** Numbers that are in memory at once, a multiple of each block. */
const numbersAtOnce = 2 ** 20;
/** A block's scale is a float16, the greatest of which is 65504; Q4_0 has 8 times it. */
const greatestNumber = 65504 * 7;

/**
 * What is written of a tensor, in pieces of some megabytes.
 *
 * @throws ERR_MODEL_FILES_INVALID for a file that has become shorter, and for numbers that are not finite
 */
export async function* encodeUnit({ tensor, type }: Unit, file: FileHandle): AsyncGenerator<Piece> {
  const { dtype, shape, offset, length } = tensor;
  const read = (at: number, bytes: number) => readWhole(file, tensor.file, offset + at, bytes);
  if (type === 'as it is') {
    const most = numbersAtOnce * 4;
    for (let at = 0; at < length; at += most) {
      const bytes = await read(at, Math.min(most, length - at));
      yield { place: 0, bytes, read: bytes.length };
    }
    return;
  }
  const { bytes: size, read: convert } = floatTypes[dtype]!;
  const columns = shape[1]!;
  const atOnce =
    type === 'int8 rows' ? Math.max(1, Math.floor(numbersAtOnce / columns)) * columns : numbersAtOnce;
  const scales: Buffer[] = [];
  for (let at = 0; at < length / size; at += atOnce) {
    const numbers = new Float32Array(Math.min(atOnce, length / size - at));
    convert(await read(at * size, numbers.length * size), numbers);
    requireFinite(numbers, tensor.file, tensor.name);
    const readBytes = numbers.length * size;
    if (type === 'int8 rows') {
      const rows = encodeRows(numbers, columns);
      scales.push(Buffer.from(rows.scales.buffer));
      yield { place: 0, bytes: rows.codes, read: readBytes };
    } else {
      yield { place: 0, bytes: encodeBlocks[type](numbers), read: readBytes };
    }
  }
  if (type !== 'int8 rows') return;
  yield { place: 1, bytes: Buffer.concat(scales), read: 0 };
  yield { place: 2, bytes: layerNote, read: 0 };
}

function requireFinite(numbers: Float32Array, file: string, name: string): void {
  for (const number of numbers) {
    if (Math.abs(number) <= greatestNumber) continue;
    throw new EaselError({
      code: 'ERR_MODEL_FILES_INVALID',
      message: `${file}: the tensor "${name}" has the number ${number}, which no scale holds.`,
      hint: 'The file is damaged: get it again.',
    });
  }
}

/** So many bytes of a file, all of them. */
export async function readWhole(
  file: FileHandle,
  path: string,
  from: number,
  length: number,
): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  for (let filled = 0; filled < length; ) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, from + filled);
    if (bytesRead === 0) {
      throw new EaselError({
        code: 'ERR_MODEL_FILES_INVALID',
        message: `${path} is cut short: it has become shorter while it was read.`,
        hint: 'Get the file again.',
      });
    }
    filled += bytesRead;
  }
  return bytes;
}

/** The bytes of a place, from a file, in pieces of some megabytes. */
export async function* readPlace(file: FileHandle, path: string, { offset, length }: Place) {
  const most = numbersAtOnce * 4;
  for (let at = 0; at < length; at += most)
    yield await readWhole(file, path, offset + at, Math.min(most, length - at));
}
