import type { Feed } from '../../session/network.js';

/** Tokens of image and text are filled up to multiples of so many. diffusers: `SEQ_MULTI_OF`. */
const multiple = 32;

/** How many tokens there are once they are filled up. */
export const filledUp = (tokens: number): number => Math.ceil(tokens / multiple) * multiple;

/** Rows [batch, tokens, width] with zeros behind, and which of the tokens are those: [tokens, 1]. */
export function fillTokens({ data, shape }: Feed): { readonly tokens: Feed; readonly padding: Feed } {
  const [batch = 0, own = 0, width = 0] = shape;
  const all = filledUp(own);
  const filled = new Float32Array(batch * all * width);
  for (let row = 0; row < batch; row++) {
    const values = data.subarray(row * own * width, (row + 1) * own * width);
    filled.set(values as Float32Array, row * all * width);
  }
  return {
    tokens: { data: filled, shape: [batch, all, width] },
    padding: {
      data: Float32Array.from({ length: all }, (_, token) => Number(token >= own)),
      shape: [all, 1],
    },
  };
}

/** Positions of a text's tokens, [tokens, 3]: they are counted from 1, those that fill up as well. */
export function textPlaces(tokens: number): Feed {
  const data = Float32Array.from({ length: 3 * tokens }, (_, at) => (at % 3 === 0 ? at / 3 + 1 : 0));
  return { data, shape: [tokens, 3] };
}

/**
 * Positions of an image's tokens, [tokens, 3]: behind the text, row, column. Those that fill up are at no
 * place.
 *
 * @param textTokens those that fill up counted
 */
export function imagePlaces(rows: number, columns: number, textTokens: number): Feed {
  const tokens = filledUp(rows * columns);
  const data = new Float32Array(3 * tokens);
  for (let index = 0; index < rows * columns; index++)
    data.set([textTokens + 1, Math.floor(index / columns), index % columns], 3 * index);
  return { data, shape: [tokens, 3] };
}
