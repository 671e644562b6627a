import type { Feed } from '../../session/network.js';

/** Latents along the edge of a token. */
export const latentsPerEdge = 2;

/** How the latents of a token follow one another: channel by channel, or place by place. */
export type TokenOrder = 'channels first' | 'channels last';

/**
 * Latents [batch, channels, height, width] as tokens of two by two, [batch, height / 2 * width / 2, 4 *
 * channels]: row by row, and in each token channel by channel, as diffusers' `_pack_latents`, or otherwise.
 */
export function packLatents(
  { data, shape }: Feed,
  order: TokenOrder = 'channels first',
): {
  readonly data: Float32Array;
  readonly shape: number[];
} {
  const [batch = 0, channels = 0, height = 0, width = 0] = shape;
  const packed = new Float32Array(data.length);
  forEachPair(shape, order, (token, latent) => {
    packed[token] = data[latent] as number;
  });
  return { data: packed, shape: [batch, (height / 2) * (width / 2), 4 * channels] };
}

/** Undoes {@link packLatents}. @param shape of the latents */
export function unpackLatents(
  tokens: Float32Array,
  shape: readonly number[],
  order: TokenOrder = 'channels first',
): Float32Array {
  const latents = new Float32Array(tokens.length);
  forEachPair(shape, order, (token, latent) => {
    latents[latent] = tokens[token]!;
  });
  return latents;
}

/** Calls for each latent with where it is among tokens and among latents. */
function forEachPair(
  [batch = 0, channels = 0, height = 0, width = 0]: readonly number[],
  order: TokenOrder,
  visit: (token: number, latent: number) => void,
): void {
  const size = channels * height * width;
  for (let image = 0; image < batch; image++)
    for (let channel = 0; channel < channels; channel++)
      for (let row = 0; row < height; row++)
        for (let column = 0; column < width; column++) {
          const token = Math.floor(row / 2) * (width / 2) + Math.floor(column / 2);
          const corner = 2 * (row % 2) + (column % 2);
          const place = order === 'channels first' ? 4 * channel + corner : channels * corner + channel;
          const latent = (channel * height + row) * width + column;
          visit(image * size + token * 4 * channels + place, image * size + latent);
        }
}

/** The first tokens of each row of [batch, all, perToken]. */
export function firstTokens(
  made: Float32Array,
  { batch, all, tokens, perToken }: Readonly<Record<'batch' | 'all' | 'tokens' | 'perToken', number>>,
): Float32Array {
  if (tokens === all) return made;
  const kept = new Float32Array(batch * tokens * perToken);
  for (let row = 0; row < batch; row++) {
    const from = row * all * perToken;
    kept.set(made.subarray(from, from + tokens * perToken), row * tokens * perToken);
  }
  return kept;
}

/** Positions of an image's tokens, [tokens, 3]: the image's number, row, column. */
export function imagePositions(height: number, width: number, image = 0): Feed {
  const [rows, columns] = [height / latentsPerEdge, width / latentsPerEdge];
  const data = new Float32Array(3 * rows * columns);
  for (let index = 0; index < rows * columns; index++)
    data.set([image, Math.floor(index / columns), index % columns], 3 * index);
  return { data, shape: [rows * columns, 3] };
}
