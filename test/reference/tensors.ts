import { open, writeFile } from 'node:fs/promises';
import {
  readSafetensors,
  type TensorLocation,
} from '../../plugins/local-diffusion/src/checkpoint/safetensors.js';

/** A tensor with its values: int64 as bigints, all else as float32. */
export interface TensorValues {
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}

/** Reads the values of the tensors of a .safetensors file whose names pass `wanted`. */
export async function readTensors(
  path: string,
  wanted: (name: string) => boolean = () => true,
): Promise<Map<string, TensorValues>> {
  const tensors = [...(await readSafetensors(path))].filter(([name]) => wanted(name));
  const file = await open(path);
  try {
    return new Map(
      await Promise.all(
        tensors.map(async ([name, location]) => {
          const bytes = Buffer.alloc(location.length);
          await file.read(bytes, 0, location.length, location.offset);
          return [name, { shape: location.shape, data: decode(location, bytes) }] as const;
        }),
      ),
    );
  } finally {
    await file.close();
  }
}

function decode({ dtype, length }: TensorLocation, bytes: Buffer): Float32Array | BigInt64Array {
  switch (dtype) {
    case 'F32':
      return Float32Array.from({ length: length / 4 }, (_, index) => bytes.readFloatLE(4 * index));
    case 'F16':
      return Float32Array.from({ length: length / 2 }, (_, index) =>
        halfToFloat(bytes.readUInt16LE(2 * index)),
      );
    case 'U8':
      return Float32Array.from(bytes);
    case 'I64':
      return BigInt64Array.from({ length: length / 8 }, (_, index) => bytes.readBigInt64LE(8 * index));
    default:
      throw new Error(`no way to read ${dtype} tensors`);
  }
}

function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** A tensor as it is to lie in a file. */
export interface RawTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** A float32 tensor of a file. */
export const floatTensor = (shape: readonly number[], values: ArrayLike<number>): RawTensor => ({
  dtype: 'F32',
  shape,
  bytes: new Uint8Array(Float32Array.from(values).buffer),
});

/** Writes a .safetensors file. */
export async function writeSafetensors(
  path: string,
  tensors: Readonly<Record<string, RawTensor>>,
): Promise<void> {
  let end = 0;
  const header = Object.entries(tensors).map(([name, { dtype, shape, bytes }]) => {
    const begin = end;
    end += bytes.length;
    return [name, { dtype, shape, data_offsets: [begin, end] }];
  });
  const text = Buffer.from(JSON.stringify(Object.fromEntries(header)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  await writeFile(path, Buffer.concat([length, text, ...Object.values(tensors).map(({ bytes }) => bytes)]));
}
