import { transformerTarget } from '../components/lora-targets.js';
import type { FamilyLoras } from '../family.js';
import { zImageTensors } from './original-names.js';

const title = 'Z-Image';
const stacks = 'layers|noise_refiner|context_refiner';
const blocks = new RegExp(`^(?=(${stacks}|cap_embedder|t_embedder|x_embedder|final_layer)\\.)`);
const ownBlocks = new RegExp(`^(${stacks})_\\d+_(attention|feed_forward|adaLN_modulation)_`);
const fused = new RegExp(`^(${stacks})_(\\d+)_attention_(qkv|out)$`);
const ends: Readonly<Record<string, string>> = {
  x_embedder: 'x_embedder',
  final_layer_linear: 'final_layer.linear',
  final_layer_adaLN_modulation_1: 'final_layer.adaLN_modulation.1',
};

/** The path of a layer that has another name in diffusers, by how LoRAs write it with underscores. */
function originalPathOf(module: string): string | undefined {
  const [, stack, block, layer] = fused.exec(module) ?? [];
  return stack === undefined ? ends[module] : `${stack}.${block}.attention.${layer}`;
}

/** LoRAs of Z-Image, by diffusers' names and the original ones. */
export const zImageLoras: FamilyLoras = {
  targets: [
    transformerTarget(blocks, () => (module) => {
      const path = originalPathOf(module);
      return path === undefined
        ? undefined
        : (weight) => zImageTensors(new Map([[`${path}.weight`, weight]]));
    }),
  ],
  titleOfLora: ({ layers }) => (layers.some(({ module }) => ownBlocks.test(module)) ? title : undefined),
  titleOfModel: () => title,
};
