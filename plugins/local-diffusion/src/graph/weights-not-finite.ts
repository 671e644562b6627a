import { readBytes, readFloats } from '../checkpoint/float-values.js';
import { scalesOf } from '../checkpoint/gguf/block-scales.js';
import { type BlockType, blockTypes } from '../checkpoint/gguf/block-types.js';
import type { TensorDtype } from '../checkpoint/safetensors.js';
import { type ElementType, type FilePart, filePartOf, type Graph } from './graph.js';

/** A weight that no network can compute with. */
export interface WeightNotFinite {
  /** As the checkpoint calls it; of a LoRA, behind `lora/`. */
  readonly name: string;
  readonly file: string;
  readonly value: 'NaN' | 'infinity';
}

/** Bytes that are read at once; a multiple of every element's. */
const pieceBytes = 4 * 1024 ** 2;

const dtypes: Partial<Record<ElementType, TensorDtype>> = {
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  float64: 'F64',
  float8e4m3fn: 'F8_E4M3',
  float8e5m2: 'F8_E5M2',
};

/**
 * Looks through the weights that a graph mounts from files. Reads all of them: for a network whose output is
 * not finite, and for small ones.
 *
 * @returns the first one with a NaN or an infinity; undefined where all are finite
 * @throws ERR_MODEL_FILES_INVALID for a file that cannot be read
 */
export async function findWeightThatIsNotFinite(graph: Graph): Promise<WeightNotFinite | undefined> {
  for (const initializer of graph.initializers) {
    const part = filePartOf(initializer);
    const { type, storage = type } = initializer;
    if (!part) continue;
    if (typeof storage !== 'string' && !('blocks' in storage)) continue;
    const value =
      typeof storage === 'string'
        ? await firstNotFinite(part, dtypes[storage])
        : await firstScaleNotFinite(part, storage.blocks);
    if (value) return { name: initializer.name, file: part.file, value };
  }
  return undefined;
}

async function firstNotFinite(
  { file, offset, length }: FilePart,
  dtype: TensorDtype | undefined,
): Promise<WeightNotFinite['value'] | undefined> {
  if (!dtype) return undefined;
  for (let done = 0; done < length; done += pieceBytes) {
    const piece = Math.min(pieceBytes, length - done);
    const values = await readFloats({ file, dtype, offset: offset + done, length: piece, shape: [] });
    const found = values.find((value) => !Number.isFinite(value));
    if (found !== undefined) return nameOf(found);
  }
  return undefined;
}

/** Of blocks only the scales can be no numbers. */
async function firstScaleNotFinite(
  { file, offset, length }: FilePart,
  type: BlockType,
): Promise<WeightNotFinite['value'] | undefined> {
  const { bytes } = blockTypes[type];
  const step = Math.floor(pieceBytes / bytes) * bytes;
  for (let done = 0; done < length; done += step) {
    const piece = await readBytes(file, offset + done, Math.min(step, length - done));
    for (let block = 0; block < piece.length; block += bytes) {
      const found = scalesOf(type, piece, block).find((value) => !Number.isFinite(value));
      if (found !== undefined) return nameOf(found);
    }
  }
  return undefined;
}

const nameOf = (value: number): WeightNotFinite['value'] => (Number.isNaN(value) ? 'NaN' : 'infinity');
