import type { Feed } from '../../session/network.js';
import type { QwenVisionConfig } from './qwen-vision-config.js';

/**
 * Where the patches of an image are, as the vision tower's graph reads it. They come token by token, row by
 * row, and in each token row by row.
 *
 * @param rows of patches, a multiple of those of a token
 * @param columns likewise
 */
export function visionPlaces(
  rows: number,
  columns: number,
  { mergedEdge, windowEdge }: Pick<QwenVisionConfig, 'mergedEdge' | 'windowEdge'>,
): Record<'places' | 'window_order' | 'window_mask' | 'window_places', Feed> {
  const count = rows * columns;
  const perToken = mergedEdge ** 2;
  const size = windowEdge ** 2;
  const across = Math.ceil(columns / windowEdge);
  const windows = Math.ceil(rows / windowEdge) * across;
  const places = new Float32Array(2 * count);
  const used = new Array<number>(windows).fill(0);
  const order = new BigInt64Array(windows * size);
  const mask = new BigInt64Array(windows * size);
  const windowPlaces = new BigInt64Array(count);
  for (let patch = 0; patch < count; patch++) {
    const [token, part] = [Math.floor(patch / perToken), patch % perToken];
    const tokensAcross = columns / mergedEdge;
    const row = Math.floor(token / tokensAcross) * mergedEdge + Math.floor(part / mergedEdge);
    const column = (token % tokensAcross) * mergedEdge + (part % mergedEdge);
    places.set([row, column], 2 * patch);
    const window = Math.floor(row / windowEdge) * across + Math.floor(column / windowEdge);
    const slot = window * size + used[window]!;
    used[window]! += 1;
    [order[slot], mask[slot], windowPlaces[patch]] = [BigInt(patch), 1n, BigInt(slot)];
  }
  return {
    places: { data: places, shape: [count, 2] },
    window_order: { data: order, shape: [windows, size] },
    window_mask: { data: mask, shape: [windows, size] },
    window_places: { data: windowPlaces, shape: [count / perToken, perToken] },
  };
}
