import type { Lora } from '../../checkpoint/lora.js';
import type { LoraTarget } from '../../checkpoint/lora-names.js';
import { clipLTarget, transformerTarget } from '../components/lora-targets.js';
import type { FamilyLoras } from '../family.js';
import { fluxTensors, originalPathOf } from './original-names.js';

const layers = [
  ...['double_blocks', 'single_blocks', 'single_transformer_blocks', 'transformer_blocks'],
  ...['img_in', 'txt_in', 'time_in', 'vector_in', 'guidance_in', 'final_layer'],
];
const blocks = new RegExp(`^(?=(${layers.join('|')})\\.)`);

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

export const fluxLoras = lorasOf([transformer, clipLTarget]);
/** Chroma has no CLIP. */
export const chromaLoras = lorasOf([transformer]);
