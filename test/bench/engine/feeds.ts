import type { Feed } from '../../../plugins/local-diffusion/src/session/network.js';
import type { BenchModel } from './models.js';

/** float32 numbers between -1 and 1. */
export const filled = (shape: readonly number[]): Feed & { readonly data: Float32Array } => ({
  data: Float32Array.from({ length: shape.reduce((one, other) => one * other, 1) }, (_, index) =>
    Math.sin(index),
  ),
  shape,
});

/** What a denoising network is fed; `latentEdge` in place of the model's own where it is given. */
export function unetFeeds(
  { batch, contextWidth, pooledWidth, ...model }: BenchModel,
  latentEdge = model.latentEdge,
) {
  return {
    sample: filled([batch, 4, latentEdge, latentEdge]),
    timestep: { data: Float32Array.of(500), shape: [1] },
    encoder_hidden_states: filled([batch, 77, contextWidth]),
    ...(pooledWidth && { text_embeds: filled([batch, pooledWidth]), time_ids: filled([batch, 6]) }),
  };
}

/** Two prompts of 77 tokens. */
export const promptFeeds = (): Record<string, Feed> => ({
  input_ids: { data: BigInt64Array.from({ length: 154 }, () => 320n), shape: [2, 77] },
});
