import { blockTypes, isBlockType } from './gguf/block-types.js';
import type { TensorLocation } from './safetensors.js';

/** Some of the rows of a tensor, one behind the other. It must not lie there transposed. */
export function rowsOf(location: TensorLocation, first: number, count: number): TensorLocation {
  const { dtype, shape, offset, length, rows, packing } = location;
  const [all = 1, ...others] = shape;
  const part = { ...location, shape: [count, ...others] };
  if (rows) return { ...part, rows: { ...rows, first: rows.first + first } };
  const rowElements = others.reduce((product, size) => product * size, 1);
  // Where a block goes over the end of a row, or scales lie elsewhere, all of it has to be decoded.
  const isCut = isBlockType(dtype) && rowElements % blockTypes[dtype].elements !== 0;
  if (isCut || packing) return { ...part, rows: { first, wholeShape: shape } };
  const rowBytes = length / all;
  return { ...part, offset: offset + first * rowBytes, length: count * rowBytes };
}
