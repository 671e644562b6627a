import { clipGTarget, clipLTarget, transformerTarget } from '../components/lora-targets.js';
import type { FamilyLoras } from '../family.js';
import { originalPathOf, sd3Parts } from './original-names.js';

const title = 'Stable Diffusion 3';
const blocks = /^(?=(joint_blocks|transformer_blocks)\.)/;

/** LoRAs of Stable Diffusion 3, by diffusers' names and Stability's. */
export const stableDiffusion3Loras: FamilyLoras = {
  targets: [
    transformerTarget(blocks, (tensors) => {
      const numbers = [...tensors.keys()].map((name) =>
        Number(/^transformer_blocks\.(\d+)\./.exec(name)?.[1] ?? -1),
      );
      const last = numbers.reduce((most, each) => Math.max(most, each), -1);
      return (module) => {
        const path = originalPathOf(module);
        return path === undefined ? undefined : (weight) => sd3Parts(path, weight, last);
      };
    }),
    clipLTarget,
    clipGTarget,
  ],
  titleOfLora: ({ layers }) =>
    layers.some(({ module }) => module.startsWith('joint_blocks_')) ? title : undefined,
  titleOfModel: () => title,
};
