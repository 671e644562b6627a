import { transformerTarget } from '../components/lora-targets.js';
import type { FamilyLoras } from '../family.js';
import { flux2Tensors, originalPathOf } from './original-names.js';

const title = 'FLUX.2';
const layers = [
  ...['double_blocks', 'single_blocks', 'single_transformer_blocks', 'transformer_blocks'],
  ...['double_stream_modulation_(img|txt)', 'single_stream_modulation'],
  ...['img_in', 'txt_in', 'time_in', 'guidance_in', 'final_layer'],
];
const blocks = new RegExp(`^(?=(${layers.join('|')})\\.)`);

/** LoRAs of FLUX.2, by diffusers' names and Black Forest Labs'. */
export const flux2Loras: FamilyLoras = {
  targets: [
    transformerTarget(blocks, () => (module) => {
      const path = originalPathOf(module);
      return path === undefined ? undefined : (weight) => flux2Tensors(new Map([[`${path}.weight`, weight]]));
    }),
  ],
  // FLUX.1 has the same names; the sizes tell.
  titleOfLora: () => undefined,
  titleOfModel: () => title,
};
