import { EaselError } from '@easel/plugin-sdk';

/**
 * Multiplies text embeddings by their tokens' weights, and each chunk then by one factor that gives it back
 * its mean: `EmphasisOriginal` in stable-diffusion-webui's `modules/sd_emphasis.py`, which sees one chunk of
 * one prompt at a time.
 *
 * @param hidden [chunks * tokens, width], the text encoder's output; left as it is
 * @param weights one row a chunk, one weight a token
 * @returns `hidden` itself when all weights are 1; chunks whose weights are all 1 keep every bit
 * @throws ERR_REQUEST_INVALID when the weights are too large for the embeddings to stay finite
 */
export function applyWeights(
  hidden: Float32Array,
  weights: readonly (readonly number[])[],
  width: number,
): Float32Array {
  if (weights.every(isNeutral)) return hidden;
  const weighted = hidden.slice();
  let start = 0;
  for (const row of weights) {
    const chunk = weighted.subarray(start, start + row.length * width);
    if (!isNeutral(row)) weighChunk(chunk, row, width);
    start += chunk.length;
  }
  return weighted;
}

/**
 * Moves text embeddings by their tokens' weights away from those of an empty text:
 * `empty + weight * (hidden - empty)`, ComfyUI's rule (`encode_token_weights` in `comfy/sd1_clip.py`).
 *
 * @param hidden [chunks * tokens, width], the text encoder's output; left as it is
 * @param weights one row a chunk, one weight a token
 * @param empty [tokens, width], what the encoder gives for a chunk without text
 * @returns `hidden` itself when all weights are 1
 * @throws ERR_REQUEST_INVALID when the weights are too large for the embeddings to stay finite
 */
export function applyWeightsFromEmpty(
  hidden: Float32Array,
  weights: readonly (readonly number[])[],
  empty: Float32Array,
): Float32Array {
  if (weights.every(isNeutral)) return hidden;
  const weighted = hidden.slice();
  for (const [chunk, row] of weights.entries()) {
    const width = empty.length / row.length;
    for (const [token, weight] of row.entries()) {
      if (weight === 1) continue;
      for (let i = 0; i < width; i++) {
        const origin = empty[token * width + i]!;
        const at = chunk * empty.length + token * width + i;
        weighted[at] = origin + weight * (weighted[at]! - origin);
        if (!Number.isFinite(weighted[at])) throw tooLarge(row);
      }
    }
  }
  return weighted;
}

/** Whether no token's weight changes anything. */
export const isNeutral = (weights: readonly number[]): boolean => weights.every((weight) => weight === 1);

function weighChunk(chunk: Float32Array, weights: readonly number[], width: number): void {
  const before = sum(chunk);
  for (const [token, weight] of weights.entries()) {
    const factor = Math.fround(weight);
    const vector = chunk.subarray(token * width, (token + 1) * width);
    for (let i = 0; i < vector.length; i++) vector[i] = vector[i]! * factor;
  }
  const after = sum(chunk);
  if (Number.isFinite(before) && !Number.isFinite(after)) {
    throw tooLarge(weights);
  }
  // A mean of 0 cannot be scaled to another.
  if (after === 0) return;
  const restoring = Math.fround(before / after);
  for (let i = 0; i < chunk.length; i++) chunk[i] = chunk[i]! * restoring;
}

const sum = (values: Float32Array): number => values.reduce((total, value) => total + value, 0);

const tooLarge = (weights: readonly number[]) =>
  new EaselError({
    code: 'ERR_REQUEST_INVALID',
    message: `A weight in the prompt is too large: ${weights.reduce((one, other) => (Math.abs(one) > Math.abs(other) ? one : other))}.`,
    hint: 'Weights of 0 to 2 are usual.',
  });
