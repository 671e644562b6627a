import type { Feed } from '../../session/network.js';

/**
 * Latents [batch, channels, height, width], whose channels are a token each, as [batch, height * width,
 * channels].
 */
export function toTokens({ data, shape }: Feed): {
  readonly data: Float32Array;
  readonly shape: readonly number[];
} {
  const [batch = 0, channels = 0, height = 0, width = 0] = shape;
  return {
    data: transposed(data as Float32Array, batch, channels),
    shape: [batch, height * width, channels],
  };
}

/** Undoes {@link toTokens}. */
export const toLatents = (tokens: Float32Array, [batch = 0, channels = 0]: readonly number[]): Float32Array =>
  transposed(tokens, batch, tokens.length / batch / channels);

/** Matrices [batch, rows, columns] with rows and columns exchanged. */
function transposed(values: Float32Array, batch: number, rows: number): Float32Array {
  const turned = new Float32Array(values.length);
  const size = values.length / batch;
  const columns = size / rows;
  for (let at = 0; at < values.length; at++) {
    const inside = at % size;
    turned[at - inside + (inside % columns) * rows + Math.floor(inside / columns)] = values[at]!;
  }
  return turned;
}

/** Positions of an image's tokens, [tokens, 4]: the image's number, row, column, none in the text. */
export function tokenPlaces(rows: number, columns: number, image = 0): Feed {
  const data = new Float32Array(4 * rows * columns);
  for (let index = 0; index < rows * columns; index++)
    data.set([image, Math.floor(index / columns), index % columns], 4 * index);
  return { data, shape: [rows * columns, 4] };
}

/** Positions of a text's tokens, [tokens, 4]: they are counted on the last axis. */
export function textPlaces(tokens: number): Feed {
  const data = Float32Array.from({ length: 4 * tokens }, (_, at) => (at % 4 === 3 ? (at - 3) / 4 : 0));
  return { data, shape: [tokens, 4] };
}
