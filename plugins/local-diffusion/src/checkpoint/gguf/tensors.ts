import { invalidFiles } from '../invalid-files.js';
import { elementBytes, type TensorLocation } from '../safetensors.js';
import { type BlockType, blockTypes, isBlockType, nameOfNumber, typeOfNumber } from './block-types.js';
import type { ByteReader } from './byte-reader.js';
import type { GgufMetadata } from './metadata.js';

/** A tensor as a header says it, before its place in the file is known. */
export interface TensorInfo {
  readonly name: string;
  readonly dtype: TensorLocation['dtype'];
  readonly shape: readonly number[];
  /** Bytes from the start of the data. */
  readonly offset: bigint;
  readonly bytes: number;
}

/** The lengths of a name and of the dimensions, a type and an offset. */
const leastInfoBytes = 24;
/** ggml has 4; tools for video models write 5. */
const maximumDimensions = 6;

/** The number of a file's tensors. */
export const countTensors = (reader: ByteReader): number => reader.count('tensors', leastInfoBytes);

/**
 * Reads what a header says of so many tensors.
 *
 * @throws ERR_MODEL_FILES_INVALID naming the tensor and what is wrong with it
 */
export function readTensorInfos(
  path: string,
  reader: ByteReader,
  count: number,
  metadata: GgufMetadata,
): readonly TensorInfo[] {
  const names = new Set<string>();
  const infos: TensorInfo[] = [];
  for (let index = 0; index < count; index += 1) {
    const info = readInfo(path, reader, metadata);
    if (names.has(info.name)) throw invalidFiles(`${path} is damaged: it has two tensors "${info.name}".`);
    names.add(info.name);
    infos.push(info);
  }
  return infos;
}

function readInfo(path: string, reader: ByteReader, metadata: GgufMetadata): TensorInfo {
  const name = reader.text('the name of a tensor');
  const damaged = (what: string) => invalidFiles(`${path} is damaged: tensor "${name}" ${what}.`);
  const dimensions = reader.u32();
  if (dimensions > maximumDimensions) throw damaged(`has ${dimensions} dimensions`);
  // The one that varies fastest comes first.
  const sizes = Array.from({ length: dimensions }, () => reader.u64()).reverse();
  const number = reader.u32();
  const offset = reader.u64();
  const elements = sizes.reduce((product, size) => product * size, 1n);
  if (elements === 0n) throw damaged('has a dimension of 0');
  if (elements > BigInt(Number.MAX_SAFE_INTEGER))
    throw damaged(`has the shape [${sizes}], which no file can hold`);
  const dtype = typeOfNumber(number);
  if (!dtype) {
    throw invalidFiles(
      `${path}: tensor "${name}" is stored in the type ${nameOfNumber(number)}, which is not supported.`,
      'Use a version of the model in Q8_0, Q6_K, Q5_K, Q4_K, Q4_0, F16 or BF16.',
    );
  }
  const stored = sizes.map(Number);
  const row = stored.at(-1) ?? 1;
  if (isBlockType(dtype) && row % blockTypes[dtype].elements !== 0)
    throw damaged(`has rows of ${row}, which are no whole blocks of ${dtype}`);
  const bytes = bytesOf(dtype, Number(elements));
  const shape = originalShape(metadata, name, Number(elements)) ?? stored;
  return { name, dtype, shape, offset, bytes };
}

function bytesOf(dtype: keyof typeof elementBytes | BlockType, elements: number): number {
  if (!isBlockType(dtype)) return elements * elementBytes[dtype];
  return (elements / blockTypes[dtype].elements) * blockTypes[dtype].bytes;
}

/** ComfyUI's tools regroup convolutions into rows of 256, and keep the shape apart. */
function originalShape(
  metadata: GgufMetadata,
  name: string,
  elements: number,
): readonly number[] | undefined {
  const shape = metadata.get(`comfy.gguf.orig_shape.${name}`);
  if (!Array.isArray(shape)) return undefined;
  const sizes = shape.filter((size): size is number => Number.isSafeInteger(size) && size > 0);
  const product = sizes.reduce((one, other) => one * other, 1);
  return sizes.length === shape.length && product === elements ? sizes : undefined;
}

/**
 * Where the tensors of a header lie.
 *
 * @throws ERR_MODEL_FILES_INVALID where one lies out of line, beyond the end of the file or over another
 */
export function locateTensors(
  path: string,
  infos: readonly TensorInfo[],
  whole: {
    readonly file: string;
    readonly dataStart: number;
    readonly fileBytes: number;
    readonly alignment: number;
  },
): ReadonlyMap<string, TensorLocation> {
  const { file, dataStart, fileBytes, alignment } = whole;
  const locations = infos.map(({ name, dtype, shape, offset, bytes }) => {
    if (offset % BigInt(alignment) !== 0n) {
      throw invalidFiles(
        `${path} is damaged: tensor "${name}" begins at ${offset}, which is no multiple of ${alignment}.`,
      );
    }
    if (BigInt(dataStart) + offset + BigInt(bytes) > BigInt(fileBytes)) {
      throw invalidFiles(
        `${path} is cut short: tensor "${name}" lies beyond the ${fileBytes} bytes that it has.`,
      );
    }
    const place = { file, offset: dataStart + Number(offset), length: bytes };
    return [name, { dtype, shape, ...place, mayLackOnes: true }] as const;
  });
  let end = dataStart;
  for (const [name, { offset, length }] of locations.toSorted(([, a], [, b]) => a.offset - b.offset)) {
    if (offset < end) throw invalidFiles(`${path} is damaged: tensor "${name}" lies over another.`);
    end = offset + length;
  }
  return new Map(locations);
}
