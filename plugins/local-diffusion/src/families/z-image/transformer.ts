import type { DiffusionModel } from '../../pipelines/diffusion-model.js';
import type { Feed } from '../../session/network.js';
import type { StoredNetwork } from '../../session/stored-network.js';
import type { ComponentKind } from '../component-kind.js';
import { latentsPerEdge, packLatents, unpackLatents } from '../components/packed-latents.js';
import { cutTokens, predictByTextLength } from '../components/text-lengths.js';
import { readZImageConfig, type ZImageConfig } from './network/z-image-config.js';
import { zImageTransformerGraph } from './network/z-image-transformer.js';
import { filledUp, fillTokens, imagePlaces, textPlaces } from './token-places.js';

const trainedTimesteps = 1000;

/** Z-Image's transformer by what its config says. */
export interface ZImageTransformer extends ZImageConfig {
  /**
   * Makes it ready to run. Only now its weights are looked at.
   *
   * @throws ERR_MODEL_FILES_INVALID for weights that do not fit its config
   */
  mount(): DiffusionModel['predict'];
}

/**
 * diffusers' `ZImageTransformer2DModel`. Its conditioning has `text_lengths` [batch], the tokens of each
 * text.
 */
export const zImageTransformerKind: ComponentKind<ZImageTransformer> = {
  mount: (component, { networks }) => ({
    ...readZImageConfig(component),
    mount() {
      const network = networks.add(zImageTransformerGraph(component));
      return (latents, timestep, conditioning) =>
        predictByTextLength(latents, conditioning, (own, { encoder_hidden_states: text }) =>
          predictAlike(network, own, timestep, text!),
        );
    },
  }),
};

/** One run of the network for images whose texts have as many tokens. */
async function predictAlike(
  network: StoredNetwork,
  latents: Feed,
  timestep: number,
  text: Feed,
): Promise<Float32Array> {
  const feeds = zImageFeeds(latents, text, (trainedTimesteps - timestep) / trainedTimesteps);
  const { out_hidden_states: made } = await network.run(feeds, ['out_hidden_states']);
  // The network was trained to go the other way along the flow.
  return zImageLatents(made, latents.shape).map((value) => -value);
}

/**
 * What the network reads.
 *
 * @param latents [batch, channels, height, width]
 * @param text [batch, tokens, width]
 * @param time from 0 at the start to 1
 */
export function zImageFeeds(latents: Feed, text: Feed, time: number): Record<string, Feed> {
  const [, , height = 0, width = 0] = latents.shape;
  const image = fillTokens(packLatents(latents, 'channels last'));
  const read = fillTokens(text);
  const textTokens = filledUp(text.shape[1]!);
  return {
    hidden_states: image.tokens,
    image_padding: image.padding,
    image_ids: imagePlaces(height / latentsPerEdge, width / latentsPerEdge, textTokens),
    encoder_hidden_states: read.tokens,
    text_padding: read.padding,
    text_ids: textPlaces(textTokens),
    timestep: { data: Float32Array.of(time), shape: [1] },
  };
}

/** What the network makes, as latents of that shape: without the tokens that fill up. */
export function zImageLatents(made: Float32Array, shape: readonly number[]): Float32Array {
  const [batch = 0, channels = 0, height = 0, width = 0] = shape;
  const perToken = channels * latentsPerEdge ** 2;
  const all = { data: made, shape: [batch, made.length / batch / perToken, perToken] };
  const kept = cutTokens(all, (height * width) / latentsPerEdge ** 2);
  return unpackLatents(kept.data, shape, 'channels last');
}
