import { transformerTarget } from '../components/lora-targets.js';
import type { FamilyLoras } from '../family.js';

const title = 'Qwen-Image';
const blocks = /^(?=(transformer_blocks|img_in|txt_in|proj_out)\.)/;

/** LoRAs of Qwen-Image, whose layers have the names of diffusers wherever they were trained. */
export const qwenImageLoras: FamilyLoras = {
  targets: [transformerTarget(blocks, () => () => undefined)],
  titleOfLora: ({ layers }) =>
    layers.some(({ module }) => /^transformer_blocks_\d+_(img|txt)_(mlp|mod)_/.test(module))
      ? title
      : undefined,
  titleOfModel: () => title,
};
