import type { Component } from '../../checkpoint/component.js';
import { readFloats } from '../../checkpoint/float-values.js';
import { invalidFiles } from '../../checkpoint/invalid-files.js';
import type { Feed } from '../../session/network.js';
import { latentsPerEdge, packLatents, unpackLatents } from '../components/packed-latents.js';
import { toLatents, toTokens } from './tokens.js';

/** `batch_norm_eps` of all published autoencoders. */
const epsilon = 1e-4;
/** Latents of the autoencoder that are channels of one place for the denoising network. */
export const perPlace = latentsPerEdge ** 2;

/** What was measured in training of each channel. */
export interface ChannelStatistics {
  readonly means: Float32Array;
  readonly deviations: Float32Array;
}

/** Reads what was measured of so many channels. @throws ERR_MODEL_FILES_INVALID where it is missing */
export async function readStatistics(component: Component, channels: number): Promise<ChannelStatistics> {
  const read = async (name: string) => {
    const location = component.tensors.get(name);
    if (location?.shape[0] !== channels) {
      throw invalidFiles(
        `${component.configFile}: the autoencoder has no "${name}" of ${channels} channels, so it is not one of FLUX.2.`,
        'Use the autoencoder of FLUX.2, for example flux2-vae.safetensors.',
      );
    }
    return await readFloats(location);
  };
  const variances = await read('bn.running_var');
  return {
    means: await read('bn.running_mean'),
    deviations: variances.map((variance) => Math.sqrt(variance + epsilon)),
  };
}

/**
 * Latents of an autoencoder, [batch, channels, height, width], as the denoising network has them: [batch, 4 *
 * channels, height / 2, width / 2].
 */
export function toPlaces(latents: Feed, { means, deviations }: ChannelStatistics): Feed {
  const [batch = 0, channels = 0, height = 0, width = 0] = latents.shape;
  const packed = toLatents(packLatents(latents).data, [batch, perPlace * channels]);
  const size = (height * width) / perPlace;
  const data = packed.map((value, index) => {
    const channel = Math.floor(index / size) % means.length;
    return (value - means[channel]!) / deviations[channel]!;
  });
  return { data, shape: [batch, perPlace * channels, height / latentsPerEdge, width / latentsPerEdge] };
}

/** Undoes {@link toPlaces}. */
export function fromPlaces(
  { data, shape }: Feed,
  { means, deviations }: ChannelStatistics,
): Feed & {
  readonly data: Float32Array;
} {
  const [batch = 0, channels = 0, height = 0, width = 0] = shape;
  const size = height * width;
  const measured = (data as Float32Array).map((value, index) => {
    const channel = Math.floor(index / size) % channels;
    return value * deviations[channel]! + means[channel]!;
  });
  const own = [batch, channels / perPlace, latentsPerEdge * height, latentsPerEdge * width];
  return { data: unpackLatents(toTokens({ data: measured, shape }).data, own), shape: own };
}
