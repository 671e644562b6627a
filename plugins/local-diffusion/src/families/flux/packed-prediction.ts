import type { Conditioning } from '../../pipelines/diffusion-model.js';
import type { Feed } from '../../session/network.js';
import type { StoredNetwork } from '../../session/stored-network.js';
import { imagePositions, latentsPerEdge, packLatents, unpackLatents } from '../components/packed-latents.js';

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
  const feeds = {
    hidden_states: packLatents(latents),
    timestep: { data: Float32Array.of(timestep / trainedTimesteps), shape: [1] },
    img_ids: imagePositions(height, width),
    txt_ids: textPositions(conditioning.encoder_hidden_states!),
    ...conditioning,
  };
  const { out_hidden_states: tokens } = await network.run(feeds, ['out_hidden_states']);
  const channels = tokens.length / (batch * height * width);
  return unpackLatents(tokens, [batch, channels, height, width]);
}

/** Tokens of an image. */
export const tokensOf = ({ shape: [, , height = 0, width = 0] }: Feed): number =>
  (height / latentsPerEdge) * (width / latentsPerEdge);

/** The text is at no place. */
function textPositions({ shape: [, tokens = 0] }: Feed): Feed {
  return { data: new Float32Array(3 * tokens), shape: [tokens, 3] };
}
