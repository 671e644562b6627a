import type { Conditioning, DiffusionModel } from '../../pipelines/diffusion-model.js';
import type { Feed } from '../../session/network.js';
import type { ComponentKind } from '../component-kind.js';
import { joinTokens } from '../components/joined-feeds.js';
import { latentsPerEdge, packLatents, unpackLatents } from '../components/packed-latents.js';
import { cutTokens, predictByTextLength } from '../components/text-lengths.js';
import { type QwenImageConfig, readQwenImageConfig } from './network/qwen-image-config.js';
import { qwenImageTransformerGraph } from './network/qwen-image-transformer.js';
import { centredPlaces, placesBehind } from './token-places.js';

/** Timesteps are told as times from 0 to 1. */
const trainedTimesteps = 1000;

/** Qwen-Image's transformer by what its config says. */
export interface QwenImageTransformer extends QwenImageConfig {
  /**
   * Makes it ready to run. Only now its weights are looked at.
   *
   * @throws ERR_MODEL_FILES_INVALID for weights that do not fit its config
   */
  mount(): DiffusionModel['predict'];
}

/**
 * diffusers' `QwenImageTransformer2DModel`. Its conditioning has `text_lengths` [batch], the tokens of each
 * text, and may have the tokens and places of images that it is to change.
 */
export const qwenImageTransformerKind: ComponentKind<QwenImageTransformer> = {
  mount: (component, { networks }) => ({
    ...readQwenImageConfig(component),
    mount() {
      const network = networks.add(qwenImageTransformerGraph(component));
      return (latents, timestep, conditioning) =>
        predictByTextLength(latents, conditioning, async (own, told) => {
          const feeds = qwenImageFeeds(packLatents(own), own.shape, timestep / trainedTimesteps, told);
          const { out_hidden_states: made } = await network.run(feeds, ['out_hidden_states']);
          return qwenImageLatents(made, own.shape);
        });
    },
  }),
};

/**
 * What the network reads.
 *
 * @param own tokens of the latents
 * @param shape of the latents, [batch, channels, height, width]
 * @param time from 1 at the start to 0
 * @param conditioning with `encoder_hidden_states`, all of one length; the images that are changed have one
 * row for each image that is made
 */
export function qwenImageFeeds(
  own: Feed,
  [, , height = 0, width = 0]: readonly number[],
  time: number,
  { encoder_hidden_states: text, edited_tokens: edited, edited_positions: editedPlaces }: Conditioning,
): Record<string, Feed> {
  const hidden = edited ? joinTokens(own, edited) : own;
  const [tokens, all] = [own.shape[1]!, hidden.shape[1]!];
  const places = new Float32Array(3 * all);
  places.set(centredPlaces(height, width));
  // Each row says the same.
  const rest = (editedPlaces?.data as Float32Array | undefined)?.subarray(0, 3 * (all - tokens));
  places.set(rest ?? [], 3 * tokens);
  return {
    hidden_states: hidden,
    encoder_hidden_states: text!,
    timestep: { data: Float32Array.of(time), shape: [1] },
    img_ids: { data: places, shape: [all, 3] },
    txt_ids: placesBehind(places, text!.shape[1]!),
    is_source: { data: new Float32Array(all).fill(1, tokens), shape: [all, 1] },
  };
}

/** What the network makes, as latents of that shape: without what it makes of the images that are changed. */
function qwenImageLatents(made: Float32Array, shape: readonly number[]): Float32Array {
  const [batch = 0, channels = 0, height = 0, width = 0] = shape;
  const perToken = channels * latentsPerEdge ** 2;
  const all = { data: made, shape: [batch, made.length / batch / perToken, perToken] };
  return unpackLatents(cutTokens(all, (height * width) / latentsPerEdge ** 2).data, shape);
}
