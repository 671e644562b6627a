import { invalidFiles } from '../../checkpoint/invalid-files.js';
import type { TensorLocation } from '../../checkpoint/safetensors.js';
import { rowsOf } from '../../checkpoint/tensor-rows.js';

/**
 * A tensor that several layers lie in, one behind the other, row by row.
 *
 * @param shares of the rows that each layer has, for example [1, 1, 1] for three of one size
 * @throws ERR_MODEL_FILES_INVALID where the rows cannot be shared out so
 */
export function rowParts(location: TensorLocation, shares: readonly number[]): TensorLocation[] {
  // One number, a scale, holds for all of them.
  if (location.shape.every((size) => size === 1)) return shares.map(() => location);
  const [rows = 0] = location.shape;
  const total = shares.reduce((sum, share) => sum + share, 0);
  if (rows === 0 || rows % total !== 0) {
    throw invalidFiles(
      `${location.file}: a tensor of the shape [${location.shape}] does not hold ${shares.length} layers one behind the other.`,
    );
  }
  let start = 0;
  return shares.map((share) => {
    const first = start;
    start += share;
    return rowsOf(location, (rows / total) * first, (rows / total) * share);
  });
}

/**
 * The tensor with the halves of its rows exchanged: layers that make shift and scale are ordered otherwise by
 * diffusers.
 */
export const withSwappedHalves = (location: TensorLocation): TensorLocation => ({
  ...location,
  halvesSwapped: true,
});
