import { z } from 'zod';
import type { Lora } from '../../checkpoint/lora.js';
import type { LoraTarget, Widening } from '../../checkpoint/lora-names.js';
import { clipLTarget, transformerTarget } from '../components/lora-targets.js';
import type { FamilyLoras } from '../family.js';
import { fluxBodyKeys, fluxSchema } from './network/flux-config.js';
import { fluxTensors, originalPathOf } from './original-names.js';

const layers = [
  ...['double_blocks', 'single_blocks', 'single_transformer_blocks', 'transformer_blocks'],
  ...['img_in', 'txt_in', 'time_in', 'vector_in', 'guidance_in', 'final_layer'],
];
const blocks = new RegExp(`^(?=(${layers.join('|')})\\.)`);

/**
 * Control LoRAs give the network the latents of an image beside its own: Black Forest Labs' for FLUX.1, by
 * edges and depths.
 */
const image: Widening = {
  path: 'x_embedder',
  modules: ['x_embedder', 'img_in'],
  ownInputs(config) {
    const { in_channels: own, out_channels: made } = z.object(fluxBodyKeys).parse(config);
    return made ?? own;
  },
  hint: 'Use it with FLUX.1 [dev].',
};
const widening: Widening = {
  ...image,
  configOf(config, inputs) {
    const { in_channels: own, out_channels: made } = fluxSchema.parse(config);
    return { ...(config as object), in_channels: inputs, out_channels: made ?? own };
  },
};

/** FLUX's transformer and Chroma's, by diffusers' names and Black Forest Labs'. */
const transformer = transformerTarget(blocks, () => (module) => {
  const path = originalPathOf(module);
  return path === undefined ? undefined : (weight) => fluxTensors(new Map([[`${path}.weight`, weight]]));
});

/** Chroma was made of FLUX.1, and most LoRAs of the one fit the other. */
const title = 'FLUX.1 or Chroma';
const ownBlocks = /^(double|single)_blocks_|^single_transformer_blocks_/;

/** LoRAs of FLUX.1 and of Chroma. */
const lorasOf = (targets: readonly LoraTarget[]): FamilyLoras => ({
  targets,
  titleOfLora: ({ layers }: Lora) =>
    layers.some(({ module }) => ownBlocks.test(module)) ? title : undefined,
  titleOfModel: () => title,
});

export const fluxLoras = lorasOf([{ ...transformer, widening }, clipLTarget]);
/** Chroma has no CLIP, and reads no image beside its own. */
export const chromaLoras = lorasOf([{ ...transformer, widening: image }]);
