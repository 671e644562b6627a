import type { DiffusionModel } from '../../pipelines/diffusion-model.js';
import type { Feed } from '../../session/network.js';
import type { ComponentKind } from '../component-kind.js';
import { joinTokens } from '../components/joined-feeds.js';
import { firstTokens } from '../components/packed-latents.js';
import { type Flux2Config, readFlux2Config } from './network/flux2-config.js';
import { flux2TransformerGraph } from './network/flux2-transformer.js';
import { textPlaces, tokenPlaces, toLatents, toTokens } from './tokens.js';

/** Timesteps are told as times from 0 to 1. */
const trainedTimesteps = 1000;

/** FLUX.2's transformer by what its config says. */
export interface Flux2Transformer extends Flux2Config {
  /**
   * Makes it ready to run. Only now its weights are looked at.
   *
   * @throws ERR_MODEL_FILES_INVALID for weights that do not fit its config
   */
  mount(): DiffusionModel['predict'];
}

/**
 * diffusers' `Flux2Transformer2DModel`. Its conditioning may have the tokens and places of images that it is
 * to change.
 */
export const flux2TransformerKind: ComponentKind<Flux2Transformer> = {
  mount: (component, { networks }) => ({
    ...readFlux2Config(component),
    mount() {
      const network = networks.add(flux2TransformerGraph(component));
      return async (latents, timestep, conditioning) => {
        const { edited_tokens: edited, edited_positions: places, ...rest } = conditioning;
        const [batch = 0, , height = 0, width = 0] = latents.shape;
        const own = toTokens(latents);
        const positions = tokenPlaces(height, width);
        const hidden = edited ? joinTokens(own, edited) : own;
        const feeds = {
          hidden_states: hidden,
          timestep: { data: Float32Array.of(timestep / trainedTimesteps), shape: [1] },
          img_ids: places ? appendPlaces(positions, places) : positions,
          txt_ids: textPlaces(rest.encoder_hidden_states!.shape[1]!),
          ...rest,
        };
        const { out_hidden_states: made } = await network.run(feeds, ['out_hidden_states']);
        const all = hidden.shape[1]!;
        const perToken = made.length / (batch * all);
        const kept = firstTokens(made, { batch, all, tokens: height * width, perToken });
        return toLatents(kept, [batch, perToken]);
      };
    },
  }),
};

/** Of images that are changed each row says the same. */
function appendPlaces(own: Feed, { data, shape: [, count = 0] }: Feed): Feed {
  const row = (data as Float32Array).subarray(0, 4 * count);
  return {
    data: Float32Array.from([...(own.data as Float32Array), ...row]),
    shape: [own.shape[0]! + count, 4],
  };
}
