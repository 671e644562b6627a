import { invalidFiles } from '../../checkpoint/invalid-files.js';
import { readTensorFile } from '../../checkpoint/tensor-file.js';
import { wanDecoderGraph, wanEncoderGraph } from '../../networks/autoencoder/wan-vae.js';
import { readWanVaeConfig } from '../../networks/autoencoder/wan-vae-config.js';
import { decoderPixelBytes } from '../../pipelines/tiling.js';
import type { ComponentKind } from '../component-kind.js';
import { type ColouredAutoencoder, mountGraphs } from '../components/autoencoder.js';
import { colours } from './latents.js';
import { wanAutoencoderOf } from './original-vae-names.js';

/** diffusers' `AutoencoderKLQwenImage`, for films of one frame. */
export const qwenAutoencoderKind: ComponentKind<ColouredAutoencoder> = {
  mount(component, { networks }) {
    const config = readWanVaeConfig(component);
    const graphs = { encoder: () => wanEncoderGraph(component), decoder: () => wanDecoderGraph(component) };
    // What int8 does to its images is not measured.
    const site = { networks, decoders: networks, decoderPixelBytes };
    const own = mountGraphs({ ...config, scaling: 1 }, graphs, site);
    return own.latentChannels === colours.factors.length ? { ...own, latentColours: colours } : own;
  },
  async readFile(path) {
    const tensors = wanAutoencoderOf((await readTensorFile(path)).tensors);
    if (tensors.size > 0) return tensors;
    throw invalidFiles(`${path} has no autoencoder of Qwen-Image.`, 'Use qwen_image_vae.safetensors.');
  },
};
