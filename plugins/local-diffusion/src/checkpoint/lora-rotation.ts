import { readFloats } from './float-values.js';
import { invalidFiles } from './invalid-files.js';
import type { Rotation } from './lora-layer.js';
import type { TensorLocation } from './safetensors.js';

interface RotationTensors {
  /** For messages. */
  readonly file: string;
  /** For messages. */
  readonly name: string;
  /** [blocks, size, size], or for a butterfly [factors, blocks, size, size]. */
  readonly blocks: TensorLocation;
  /** A number for each row. Absent: 1. */
  readonly rescale: TensorLocation | undefined;
  /** Over 0: how far it may turn, as a share of the rows. */
  readonly alpha: number | undefined;
}

/**
 * The rotations of an OFT (Qiu et al. 2023, arXiv 2306.07280) or a BOFT (Liu et al. 2023, arXiv 2311.06243),
 * by Cayley's formula from the numbers of the file: (1 + Q) (1 - Q)^-1 with Q = B - B^T. As LyCORIS has them
 * (`diag_oft.py`, `boft.py`).
 *
 * @throws ERR_MODEL_FILES_INVALID for tensors that are not square blocks
 */
export async function readRotation({
  file,
  name,
  blocks,
  rescale,
  alpha,
}: RotationTensors): Promise<Rotation> {
  const isButterfly = blocks.shape.length === 4;
  const [factors, count, size, columns] = (isButterfly ? blocks.shape : [1, ...blocks.shape]) as [
    number,
    number,
    number,
    number,
  ];
  if (blocks.shape.length < 3 || size !== columns || count * size === 0 || (isButterfly && size % 2 === 1)) {
    throw invalidFiles(
      `${file}: the blocks of "${name}" have the shape [${blocks.shape}], which are no rotations.`,
    );
  }
  const rows = count * size;
  const skewed = skew(await readFloats(blocks), size);
  const norm = Math.hypot(...blockNorms(skewed, size)) + 1e-8;
  const limit = (alpha ?? 0) * rows;
  if (limit > 0 && norm > limit)
    for (const [i, value] of skewed.entries()) skewed[i] = (value * limit) / norm;
  const turns = cayley(skewed, size);
  const perFactor = rows * size;
  return {
    rows,
    size,
    isButterfly,
    turns: Array.from({ length: factors }, (_, i) => turns.subarray(i * perFactor, (i + 1) * perFactor)),
    rescale: rescale && (await readFloats(rescale)),
  };
}

/** B - B^T of each block. */
function skew(blocks: Float32Array, size: number): Float64Array {
  const skewed = new Float64Array(blocks.length);
  for (let start = 0; start < blocks.length; start += size * size) {
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        skewed[start + row * size + column] =
          blocks[start + row * size + column]! - blocks[start + column * size + row]!;
      }
    }
  }
  return skewed;
}

/** The norm of each block, of which there are few enough to be arguments. */
function blockNorms(values: Float64Array, size: number): number[] {
  const length = size * size;
  return Array.from({ length: values.length / length }, (_, block) => {
    let sum = 0;
    for (let i = block * length; i < (block + 1) * length; i++) sum += values[i]! ** 2;
    return Math.sqrt(sum);
  });
}

/** (1 + Q) (1 - Q)^-1 - 1 of each block, which is 2 Q (1 - Q)^-1. */
function cayley(skewed: Float64Array, size: number): Float32Array {
  const turns = new Float32Array(skewed.length);
  for (let start = 0; start < skewed.length; start += size * size) {
    const block = skewed.subarray(start, start + size * size);
    // (1 - Q)^-1 and Q commute, so that the rows of a system (1 - Q) X = 2 Q are solved at once.
    const [left, right] = [
      Float64Array.from(block, (value) => -value),
      Float64Array.from(block, (value) => 2 * value),
    ];
    for (let row = 0; row < size; row++) left[row * size + row]! += 1;
    solve(left, right, size);
    turns.set(right, start);
  }
  return turns;
}

/**
 * Solves left X = right by Gauss and Jordan, in place: X is what `right` becomes. 1 - Q of a skew-symmetric Q
 * is positive definite in its symmetric part, so that no pivot is 0.
 */
function solve(left: Float64Array, right: Float64Array, size: number): void {
  for (let pivot = 0; pivot < size; pivot++) {
    const by = 1 / left[pivot * size + pivot]!;
    for (let row = 0; row < size; row++) {
      if (row === pivot) continue;
      const factor = left[row * size + pivot]! * by;
      if (factor === 0) continue;
      for (let column = 0; column < size; column++) {
        left[row * size + column]! -= factor * left[pivot * size + column]!;
        right[row * size + column]! -= factor * right[pivot * size + column]!;
      }
    }
    for (let column = 0; column < size; column++) {
      left[pivot * size + column]! *= by;
      right[pivot * size + column]! *= by;
    }
  }
}
