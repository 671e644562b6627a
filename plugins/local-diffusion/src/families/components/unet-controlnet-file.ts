import { DerivedShapes, each } from '../../checkpoint/derived-shapes.js';
import { renamePath } from '../../checkpoint/rename-path.js';
import type { FamilyControlNets } from '../family.js';
import type { Json, Tensors } from '../single-file-layout.js';
import { deriveDownBlocks } from './derived-configs.js';
import { originalLayersPerLevel, unetPathOf } from './original-unet-names.js';
import { renamed } from './renamed-tensors.js';
import { unetControlNetKind } from './unet-controlnet.js';
import { textWidthOf } from './unet-file.js';

const mark = 'controlnet_cond_embedding.conv_in.weight';
const unionMark = 'task_embedding';

/** What is called like a ControlNet and works otherwise, by a part of a name of its tensors. */
const others: readonly (readonly [part: string, what: string])[] = [
  ['lora_controlnet', 'a Control-LoRA, which has only the difference to a UNet'],
  ['lllite_', 'a ControlNet-LLLite'],
  ['adapter.body.', 'a T2I-Adapter'],
  ['body.0.resnets.', 'a T2I-Adapter'],
  ['controlnet_x_embedder.', 'a ControlNet for FLUX'],
  ['double_blocks.', 'a ControlNet for FLUX'],
  ['ip_adapter.', 'an IP-Adapter'],
  ['pos_embed_input.', 'a ControlNet for Stable Diffusion 3'],
];

/** Heads of attention of Stable Diffusion 1; later ones have as many as there are 64 channels. */
const firstHeads = { textWidth: 768, heads: 8 };

/** ControlNets for UNets: in diffusers' names, and in those of their inventors. */
export const unetControlNets: FamilyControlNets = {
  kind: unetControlNetKind,
  fileOf(tensors) {
    const own = tensors.has(mark) ? tensors : originalControlNet(tensors);
    if (!own.has(mark)) {
      const names = [...tensors.keys()];
      return others.find(([part]) => names.some((name) => name.includes(part)))?.[1];
    }
    return { tensors: own, configOf: (what) => deriveConfig(own, what) };
  },
};

function deriveConfig(tensors: Tensors, what: string): Json {
  const shapes = new DerivedShapes(tensors, what);
  const { textWidth, heads } = firstHeads;
  const isUnion = shapes.has(unionMark);
  const halvings = shapes.count((block) => `controlnet_cond_embedding.blocks.${2 * block}.weight`);
  return {
    ...deriveDownBlocks(shapes, textWidthOf(tensors) === textWidth ? heads : undefined),
    _class_name: isUnion ? 'ControlNetUnionModel' : 'ControlNetModel',
    conditioning_channels: shapes.size(mark, 1),
    conditioning_embedding_out_channels: [
      ...each(halvings, (block) => shapes.size(`controlnet_cond_embedding.blocks.${2 * block}.weight`, 0)),
      shapes.size('controlnet_cond_embedding.conv_out.weight', 1),
    ],
    ...(isUnion && {
      num_control_type: shapes.size(unionMark, 0),
      num_trans_channel: shapes.size(unionMark, 1),
      num_proj_channel: shapes.size('spatial_ch_projs.weight', 0),
      num_trans_layer: shapes.count((layer) => `transformer_layes.${layer}.ln_1.weight`),
    }),
  };
}

/** Convolutions of the image, of which every second halves it, and the layers that give what is added. */
const embedding: Readonly<Record<string, string>> = {
  'input_hint_block.0': 'controlnet_cond_embedding.conv_in',
  ...Object.fromEntries(
    each(6, (block) => [`input_hint_block.${2 * block + 2}`, `controlnet_cond_embedding.blocks.${block}`]),
  ),
  'input_hint_block.14': 'controlnet_cond_embedding.conv_out',
  'middle_block_out.0': 'controlnet_mid_block',
};

/** Zhang's own names (`cldm.py` of lllyasviel/ControlNet), with or without a prefix. */
function originalControlNet(tensors: Tensors): Tensors {
  const plain = renamed(tensors, (name) => name.replace(/^control_model\./, ''));
  if (!plain.has('input_hint_block.0.weight')) return new Map();
  const layers = originalLayersPerLevel(plain.keys());
  return renamed(plain, (name) => {
    const [, block, rest] = /^zero_convs\.(\d+)\.0\.(.+)$/.exec(name) ?? [];
    if (block !== undefined) return `controlnet_down_blocks.${block}.${rest}`;
    return renamePath(name, embedding) ?? unetPathOf(name, layers);
  });
}
