import type { Conditioning } from '../../pipelines/diffusion-model.js';
import type { Feed } from '../../session/network.js';
import type { StoredNetwork } from '../../session/stored-network.js';
import { joinTokens } from '../components/joined-feeds.js';
import {
  firstTokens,
  imagePositions,
  latentsPerEdge,
  packLatents,
  unpackLatents,
} from '../components/packed-latents.js';

/** Timesteps are told as times from 0 to 1. */
const trainedTimesteps = 1000;

/** One run of a network that reads latents as tokens of two by two, with the places of the image's tokens. */
export async function predictPacked(
  network: StoredNetwork,
  latents: Feed,
  timestep: number,
  conditioning: Conditioning,
): Promise<Float32Array> {
  const [batch = 0, , height = 0, width = 0] = latents.shape;
  const feeds = packedFeeds(latents, timestep, conditioning);
  const { out_hidden_states: made } = await network.run(feeds, ['out_hidden_states']);
  const tokens = tokensOf(latents);
  const all = feeds.hidden_states.shape[1]!;
  const perToken = made.length / (batch * all);
  // What the network makes of the edited images is of no use.
  const kept = firstTokens(made, { batch, all, tokens, perToken });
  return unpackLatents(kept, [batch, perToken / latentsPerEdge ** 2, height, width]);
}

/** What such a network is told. */
export function packedFeeds(latents: Feed, timestep: number, conditioning: Conditioning) {
  const { edited_tokens: edited, edited_positions: places, ...rest } = conditioning;
  const [, , height = 0, width = 0] = latents.shape;
  const own = packLatents(latents);
  const positions = imagePositions(height, width);
  return {
    hidden_states: edited ? joinTokens(own, edited) : own,
    timestep: { data: Float32Array.of(timestep / trainedTimesteps), shape: [1] },
    img_ids: places ? appendPlaces(positions, places) : positions,
    txt_ids: textPositions(rest.encoder_hidden_states!),
    ...rest,
  };
}

/** What images that are edited have, of which each row says the same. */
function appendPlaces(own: Feed, { data, shape: [, count = 0] }: Feed): Feed {
  const row = (data as Float32Array).subarray(0, 3 * count);
  return {
    data: Float32Array.from([...(own.data as Float32Array), ...row]),
    shape: [own.shape[0]! + count, 3],
  };
}

/** Tokens of an image. */
export const tokensOf = ({ shape: [, , height = 0, width = 0] }: Feed): number =>
  (height / latentsPerEdge) * (width / latentsPerEdge);

/** The text is at no place. */
function textPositions({ shape: [, tokens = 0] }: Feed): Feed {
  return { data: new Float32Array(3 * tokens), shape: [tokens, 3] };
}
