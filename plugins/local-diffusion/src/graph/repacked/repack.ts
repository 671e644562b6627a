import { type BlockType, blockTypes } from '../../checkpoint/gguf/block-types.js';
import { type RepackedLayout, repackedLayouts, type Stretch } from './layouts.js';

/** Bytes of the parts of a repacked matrix, one behind the other. */
export interface RepackedSizes {
  readonly codes: number;
  readonly scales: number;
  /** 0: there are none. */
  readonly minima: number;
}

export function sizesOf(
  { bits, stretch, hasMinima }: RepackedLayout,
  [rows = 0, columns = 0]: readonly number[],
): RepackedSizes {
  const scales = ((rows * columns) / stretch) * Float32Array.BYTES_PER_ELEMENT;
  return { codes: (rows * columns * bits) / 8, scales, minima: hasMinima ? scales : 0 };
}

/**
 * A matrix of blocks as codes, scales and minima.
 *
 * @returns undefined where a scale is NaN or infinity
 */
export function repack(bytes: Buffer, type: BlockType, shape: readonly number[]): Buffer | undefined {
  const layout = repackedLayouts[type]!;
  const { bits, stretch, hasMinima, read } = layout;
  const { elements, bytes: blockBytes } = blockTypes[type];
  const sizes = sizesOf(layout, shape);
  const packed = Buffer.alloc(sizes.codes + sizes.scales + sizes.minima);
  const codes = packed.subarray(0, sizes.codes);
  const scales = new DataView(packed.buffer, packed.byteOffset + sizes.codes);
  const to: Stretch = { codes: new Uint8Array(stretch), scale: 0, minimum: 0 };
  let done = 0;
  for (let block = 0; block < bytes.length; block += blockBytes) {
    for (let index = 0; index < elements / stretch; index += 1) {
      read(bytes, block, index, to);
      if (!Number.isFinite(to.scale) || !Number.isFinite(to.minimum)) return undefined;
      if (bits === 8) codes.set(to.codes, done * stretch);
      else putNibbles(to.codes, codes, (done * stretch) / 2);
      scales.setFloat32(4 * done, to.scale, true);
      if (hasMinima) scales.setFloat32(sizes.scales + 4 * done, to.minimum, true);
      done += 1;
    }
  }
  return packed;
}

/** Two codes a byte, the first one low. */
function putNibbles(from: Uint8Array, to: Buffer, at: number): void {
  for (let index = 0; index < from.length; index += 2)
    to[at + index / 2] = from[index]! | (from[index + 1]! << 4);
}
