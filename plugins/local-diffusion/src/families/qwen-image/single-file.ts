import { basename } from 'node:path';
import { DerivedShapes } from '../../checkpoint/derived-shapes.js';
import { invalidFiles } from '../../checkpoint/invalid-files.js';
import { latentMisfit } from '../components/misfits.js';
import { deriveQwen25Config, qwen25File, qwenEncoderOf } from '../components/qwen-file.js';
import { present, withPrefix } from '../components/renamed-tensors.js';
import type { CompanionFile, FileVariant, Json, SingleFileLayout, Tensors } from '../single-file-layout.js';
import { latentsPerToken } from './network/qwen-image-config.js';
import { wanAutoencoderOf } from './original-vae-names.js';

const mark = 'transformer_blocks.0.img_mod.1.weight';
/** The head of all published models, and how many of its numbers each axis of the positions turns. */
const publishedHead = { width: 128, axes: [16, 56, 56] };
/** What ComfyUI's files of Edit-2511 have in place of a config. */
const sourceMark = '__index_timestep_zero__';

/** The transformer of a file, without a prefix; empty where there is none of Qwen-Image. */
function originalTransformer(tensors: Tensors): Tensors {
  for (const prefix of ['', 'model.diffusion_model.', 'diffusion_model.']) {
    if (tensors.has(prefix + mark) && tensors.has(`${prefix}txt_norm.weight`))
      return withPrefix(tensors, prefix);
  }
  return new Map();
}

/** @param tellsSources whether the name of the file says that it is Edit-2511 */
function deriveConfig(tensors: Tensors, what: string, tellsSources: boolean): Json {
  const shapes = new DerivedShapes(tensors, what);
  const width = shapes.size('img_in.weight', 0);
  const headWidth = shapes.size('transformer_blocks.0.attn.norm_q.weight', 0);
  if (headWidth !== publishedHead.width) {
    throw invalidFiles(
      `The size of ${what} is not a published one: its heads are ${headWidth} wide, and not ${publishedHead.width}.`,
      'Give a folder with the config files of the model, laid out like a diffusers folder.',
    );
  }
  return {
    _class_name: 'QwenImageTransformer2DModel',
    in_channels: shapes.size('img_in.weight', 1),
    out_channels: shapes.size('proj_out.weight', 0) / latentsPerToken,
    num_layers: shapes.count((block) => `transformer_blocks.${block}.attn.norm_q.weight`),
    attention_head_dim: headWidth,
    num_attention_heads: width / headWidth,
    joint_attention_dim: shapes.size('txt_in.weight', 1),
    axes_dims_rope: publishedHead.axes,
    zero_cond_t: tellsSources || shapes.has(sourceMark),
  };
}

/** The config of Wan's autoencoder by its tensors. Means and deviations are those of the published one. */
function deriveVaeConfig(tensors: Tensors, what: string): Json {
  const shapes = new DerivedShapes(tensors, what);
  const levels = shapes.count((level) => `decoder.up_blocks.${level}.resnets.0.conv1.weight`);
  const channels = Array.from({ length: levels }, (_, level) =>
    shapes.size(`decoder.up_blocks.${levels - 1 - level}.resnets.0.conv1.weight`, 0),
  );
  return {
    _class_name: 'AutoencoderKLQwenImage',
    base_dim: channels[0],
    dim_mult: channels.map((count) => count / channels[0]!),
    num_res_blocks: shapes.count((layer) => `decoder.up_blocks.0.resnets.${layer}.conv1.weight`) - 1,
    z_dim: shapes.size('decoder.conv_in.weight', 1),
  };
}

function variantOf(path: string): FileVariant {
  // Editing has the shapes of the base: only the name of the file tells it.
  const name = basename(path);
  const edits = /edit/i.test(name);
  const isPlus = edits && /plus|25(09|11)/i.test(name);
  const [title, pipeline] = isPlus
    ? ['Qwen-Image-Edit-Plus', 'QwenImageEditPlusPipeline']
    : edits
      ? ['Qwen-Image-Edit', 'QwenImageEditPipeline']
      : ['Qwen-Image', 'QwenImagePipeline'];
  return {
    title,
    index: { _class_name: pipeline },
    configs: {
      transformer: (tensors, what) => deriveConfig(tensors, what, edits && /2511/.test(name)),
      text_encoder: deriveQwen25Config,
      vae: deriveVaeConfig,
    },
    tokenizers: { tokenizer: 'qwen', processor: 'qwen' },
    schedulerConfig: async () => ({
      config: {
        ...{ _class_name: 'FlowMatchEulerDiscreteScheduler', num_train_timesteps: 1000 },
        ...{ shift: 1, use_dynamic_shifting: true, time_shift_type: 'exponential', shift_terminal: 0.02 },
        ...{ base_shift: 0.5, max_shift: 0.9, base_image_seq_len: 256, max_image_seq_len: 8192 },
      },
    }),
  };
}

const autoencoderFile: CompanionFile = {
  name: 'vae',
  fileName: /^(qwen[-_.]?image[-_.]?(ae|vae)|wan[-_.]?2[-_.]?1[-_.]?(ae|vae)).*$/i,
  example: 'qwen_image_vae.safetensors',
  folders: ['vae'],
  marks: ['decoder.conv_in.weight'],
  componentOf: wanAutoencoderOf,
  misfitOf: latentMisfit('proj_out', 3),
};

/** The layout of ComfyUI's files: the transformer alone, or all in one. */
export const singleFile: SingleFileLayout = {
  mark,
  recognise(path, tensors) {
    return originalTransformer(tensors).size > 0 ? { variant: variantOf(path), isCertain: true } : undefined;
  },
  componentsOf: (tensors) =>
    present({
      transformer: originalTransformer(tensors),
      text_encoder: qwenEncoderOf(withPrefix(tensors, 'text_encoders.qwen25_7b.transformer.')),
      vae: wanAutoencoderOf(withPrefix(tensors, 'vae.')),
    }),
  companions: [qwen25File('text_encoder', { path: 'txt_in', states: 1 }), autoencoderFile],
};
