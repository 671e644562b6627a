import type { DiffusionModel } from '../../pipelines/diffusion-model.js';
import type { Feed } from '../../session/network.js';
import type { ComponentKind } from '../component-kind.js';
import { predictPacked, tokensOf } from '../flux/packed-prediction.js';
import { type ChromaConfig, readChromaConfig } from './network/chroma-config.js';
import { chromaTransformerGraph } from './network/chroma-transformer.js';

/** Chroma's transformer by what its config says. */
export interface ChromaTransformer extends ChromaConfig {
  /**
   * Makes it ready to run. Only now its weights are looked at.
   *
   * @throws ERR_MODEL_FILES_INVALID for weights that do not fit its config
   */
  mount(): DiffusionModel['predict'];
}

/**
 * diffusers' `ChromaTransformer2DModel`. Its conditioning has `text_mask` [batch, text tokens], 1 for tokens
 * that are seen.
 */
export const chromaTransformerKind: ComponentKind<ChromaTransformer> = {
  mount: (component, { networks }) => ({
    ...readChromaConfig(component),
    mount() {
      const network = networks.add(chromaTransformerGraph(component, { masked: true }));
      return (latents, timestep, { text_mask, ...conditioning }) =>
        predictPacked(network, latents, timestep, {
          ...conditioning,
          attention_mask: withImage(text_mask!, tokensOf(latents)),
        });
    },
  }),
};

/** All of the image is seen. */
function withImage({ data, shape: [batch = 0, textTokens = 0] }: Feed, imageTokens: number): Feed {
  const width = textTokens + imageTokens;
  const mask = new Float32Array(batch * width).fill(1);
  for (let row = 0; row < batch; row++) {
    mask.set((data as Float32Array).subarray(row * textTokens, (row + 1) * textTokens), row * width);
  }
  return { data: mask, shape: [batch, width] };
}
