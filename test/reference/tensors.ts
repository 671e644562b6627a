import { open } from 'node:fs/promises';
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
