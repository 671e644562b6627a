import { EaselError } from '@easel/plugin-sdk';
import { regroupedRow } from './choose-type.js';
import { blockBytes, blockElements } from './codes.js';
import { type Chosen, elementsOf, type Layout } from './layout.js';

/** Numbers of types in the file. Source: `ggml.h`. */
const typeNumbers: Readonly<Record<string, number>> = {
  ...{ F32: 0, F16: 1, Q4_0: 2, Q8_0: 8, I16: 25, I32: 26, I64: 27, F64: 28, BF16: 30 },
};
/** Kinds of values of the metadata. */
const kind = { u32: 4, i32: 5, text: 8, array: 9 } as const;
const version = 3;
const alignment = 32;
/** ggml has so many dimensions at most. */
const mostDimensions = 4;

/**
 * Where the tensors of a GGUF file go, and its header. Like stable-diffusion.cpp it says no architecture: the
 * names of the tensors tell it. Convolutions are regrouped as ComfyUI-GGUF does, which reads their shape from
 * the metadata.
 */
export function layOutGguf(
  chosen: readonly Chosen[],
  metadata: Readonly<Record<string, string>>,
  fileType: 'Q8_0' | 'Q4_0',
): Layout {
  const entries: Buffer[] = [
    entry('general.quantization_version', kind.u32, u32(2)),
    // `LLAMA_FTYPE_MOSTLY_Q8_0` and `_Q4_0` of llama.cpp.
    entry('general.file_type', kind.u32, u32(fileType === 'Q8_0' ? 7 : 2)),
    ...Object.entries(metadata)
      .filter(([key]) => !key.startsWith('general.'))
      .map(([key, value]) => entry(key, kind.text, text(value))),
  ];
  let end = 0;
  const infos: Buffer[] = [];
  const placed = chosen.map(({ tensor, type }) => {
    const shape = storedShape(tensor.shape, type === 'Q8_0' || type === 'Q4_0');
    if (shape !== tensor.shape && tensor.shape.length > 0) {
      const sizes = Buffer.concat(tensor.shape.map(u32));
      const array = Buffer.concat([u32(kind.i32), u64(tensor.shape.length), sizes]);
      entries.push(entry(`comfy.gguf.orig_shape.${tensor.name}`, kind.array, array));
    }
    const written = type === 'as it is' ? tensor.dtype : type;
    const number = typeNumbers[written];
    if (number === undefined) throw noSuchType(tensor.file, tensor.name, written);
    const [offset, length] = [end, bytesOf(tensor, type)];
    end = aligned(offset + length);
    const sizes = Buffer.concat([...shape].reverse().map(u64));
    infos.push(Buffer.concat([text(tensor.name), u32(shape.length), sizes, u32(number), u64(offset)]));
    return { tensor, type, offset, length };
  });
  const counts = Buffer.concat([u32(version), u64(infos.length), u64(entries.length)]);
  const start = Buffer.concat([Buffer.from('GGUF'), counts, ...entries, ...infos]);
  const header = Buffer.concat([start, Buffer.alloc(aligned(start.length) - start.length)]);
  const units = placed.map(({ tensor, type, offset, length }) => ({
    tensor,
    type,
    places: [{ offset: header.length + offset, length }] as const,
  }));
  return { header, units, bytes: header.length + end };
}

function bytesOf(tensor: Chosen['tensor'], type: Chosen['type']): number {
  if (type !== 'Q8_0' && type !== 'Q4_0') return tensor.length;
  return (elementsOf(tensor) / blockElements) * blockBytes[type];
}

function storedShape(shape: readonly number[], isInBlocks: boolean): readonly number[] {
  const elements = shape.reduce((product, dimension) => product * dimension, 1);
  if (shape.length === 0) return [1];
  if (isInBlocks && shape.at(-1)! % blockElements !== 0) return [elements / regroupedRow, regroupedRow];
  return shape.length > mostDimensions ? [elements] : shape;
}

const aligned = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([u64(bytes.length), bytes]);
}

const entry = (key: string, valueKind: number, value: Buffer): Buffer =>
  Buffer.concat([text(key), u32(valueKind), value]);

const noSuchType = (file: string, name: string, type: string) =>
  new EaselError({
    code: 'ERR_MODEL_FILES_INVALID',
    message: `${file}: GGUF has no type for the tensor "${name}", which is stored as ${type}.`,
    hint: 'Use --to int8.',
  });
