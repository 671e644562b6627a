import type { DiffusionModel } from '../../pipelines/diffusion-model.js';
import type { Feed } from '../../session/network.js';
import type { ComponentKind } from '../component-kind.js';
import { imagePositions, packLatents, unpackLatents } from '../components/packed-latents.js';
import { type FluxConfig, readFluxConfig } from './network/flux-config.js';
import { fluxTransformerGraph } from './network/flux-transformer.js';

/** FLUX's transformer by what its config says. */
export interface FluxTransformer extends FluxConfig {
  /**
   * Makes it ready to run. Only now its weights are looked at.
   *
   * @throws ERR_MODEL_FILES_INVALID for weights that do not fit its config
   */
  mount(): DiffusionModel['predict'];
}

/** Timesteps are told as times from 0 to 1. */
const trainedTimesteps = 1000;

/** diffusers' `FluxTransformer2DModel`. */
export const fluxTransformerKind: ComponentKind<FluxTransformer> = {
  mount(component, { networks }) {
    const config = readFluxConfig(component);
    return {
      ...config,
      mount() {
        const network = networks.add(fluxTransformerGraph(component));
        return async (latents, timestep, conditioning) => {
          const [batch = 0, , height = 0, width = 0] = latents.shape;
          const hidden = packLatents(latents);
          const feeds = {
            hidden_states: hidden,
            timestep: { data: Float32Array.of(timestep / trainedTimesteps), shape: [1] },
            img_ids: imagePositions(height, width),
            txt_ids: textPositions(conditioning.encoder_hidden_states!),
            ...conditioning,
          };
          const { out_hidden_states } = await network.run(feeds, ['out_hidden_states']);
          return unpackLatents(out_hidden_states, [batch, config.outputChannels / 4, height, width]);
        };
      },
    };
  },
};

/** The text is at no place. */
function textPositions({ shape: [, tokens = 0] }: Feed): Feed {
  return { data: new Float32Array(3 * tokens), shape: [tokens, 3] };
}
