import type { DiffusionModel } from '../../pipelines/diffusion-model.js';
import type { Feed } from '../../session/network.js';
import type { StoredNetwork } from '../../session/stored-network.js';
import type { ComponentKind } from '../component-kind.js';
import { firstTokens, latentsPerEdge, packLatents, unpackLatents } from '../components/packed-latents.js';
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
      return async (latents, timestep, { encoder_hidden_states: texts, text_lengths: lengths }) => {
        const made = new Float32Array(latents.data.length);
        const size = latents.data.length / latents.shape[0]!;
        for (const { first, count, length } of runsOf(lengths!.data as Float32Array)) {
          const own = rowsOf(latents, first, count);
          const text = cutTokens(rowsOf(texts!, first, count), length);
          made.set(await predictAlike(network, own, timestep, text), first * size);
        }
        return made;
      };
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
  return unpackLatents(kept.data as Float32Array, shape, 'channels last');
}

/** Images that follow one another and whose texts have as many tokens. */
function runsOf(lengths: Float32Array): { first: number; count: number; readonly length: number }[] {
  const runs: { first: number; count: number; readonly length: number }[] = [];
  for (const [index, length] of lengths.entries()) {
    const last = runs.at(-1);
    if (last?.length === length) last.count += 1;
    else runs.push({ first: index, count: 1, length });
  }
  return runs;
}

function rowsOf({ data, shape }: Feed, first: number, count: number): Feed {
  const size = data.length / shape[0]!;
  return {
    data: data.subarray(first * size, (first + count) * size) as Float32Array,
    shape: [count, ...shape.slice(1)],
  };
}

/** The first tokens of each row. */
function cutTokens({ data, shape: [batch = 0, all = 0, perToken = 0] }: Feed, tokens: number): Feed {
  const kept = firstTokens(data as Float32Array, { batch, all, tokens, perToken });
  return { data: kept, shape: [batch, tokens, perToken] };
}
