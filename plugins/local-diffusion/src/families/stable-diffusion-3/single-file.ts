import { DerivedShapes } from '../../checkpoint/derived-shapes.js';
import { autoencoderOf } from '../components/autoencoder-file.js';
import {
  autoencoderFile,
  clipEncoderOf,
  clipFile,
  deriveT5Config,
  t5EncoderOf,
  t5File,
} from '../components/companion-files.js';
import { deriveTextConfig, deriveVaeConfig } from '../components/derived-configs.js';
import { present, withPrefix } from '../components/renamed-tensors.js';
import type { FileVariant, Json, SingleFileLayout, Tensors } from '../single-file-layout.js';
import { latents } from './latents.js';
import { patchEdge } from './network/sd3-config.js';
import { sd3Tensors } from './original-names.js';

const mark = 'joint_blocks.0.x_block.attn.qkv.weight';
/** What latents are moved by before they are scaled. */
const latentShift = 0.0609;
/** The head of all published models. */
const headWidth = 64;

function originalTransformer(tensors: Tensors): Tensors {
  for (const prefix of ['model.diffusion_model.', '']) {
    if (tensors.has(prefix + mark)) return withPrefix(tensors, prefix);
  }
  return new Map();
}

function deriveTransformerConfig(tensors: Tensors, what: string): Json {
  const shapes = new DerivedShapes(tensors, what);
  const width = shapes.size('pos_embed.proj.weight', 0);
  const layers = shapes.count((block) => `transformer_blocks.${block}.attn.to_q.weight`);
  const table = tensors.get('pos_embed.pos_embed')?.shape.at(-2) ?? 0;
  return {
    _class_name: 'SD3Transformer2DModel',
    in_channels: shapes.size('pos_embed.proj.weight', 1),
    out_channels: shapes.size('proj_out.weight', 0) / patchEdge ** 2,
    num_layers: layers,
    attention_head_dim: headWidth,
    num_attention_heads: width / headWidth,
    joint_attention_dim: shapes.size('context_embedder.weight', 1),
    caption_projection_dim: width,
    pooled_projection_dim: shapes.size('time_text_embed.text_embedder.linear_1.weight', 1),
    pos_embed_max_size: Math.sqrt(table),
    dual_attention_layers: Array.from({ length: layers }, (_, block) => block).filter((block) =>
      shapes.has(`transformer_blocks.${block}.attn2.to_q.weight`),
    ),
    qk_norm: shapes.has('transformer_blocks.0.attn.norm_q.weight') ? 'rms_norm' : null,
  };
}

const variant: FileVariant = {
  title: 'Stable Diffusion 3',
  index: { _class_name: 'StableDiffusion3Pipeline' },
  configs: {
    transformer: deriveTransformerConfig,
    text_encoder: (tensors, what) => deriveTextConfig(tensors, 'quick_gelu', what),
    text_encoder_2: (tensors, what) => deriveTextConfig(tensors, 'gelu', what),
    text_encoder_3: deriveT5Config,
    vae: (tensors, what) => ({
      ...deriveVaeConfig(tensors, latents.scaling, what),
      shift_factor: latentShift,
    }),
  },
  tokenizers: { tokenizer: 'clip', tokenizer_2: 'open-clip' },
  schedulerConfig: async () => ({
    config: { _class_name: 'FlowMatchEulerDiscreteScheduler', num_train_timesteps: 1000, shift: 3 },
  }),
};

/** The layout of Stability's files: transformer and autoencoder, with or without text encoders. */
export const singleFile: SingleFileLayout = {
  mark,
  recognise: (_path, tensors) =>
    originalTransformer(tensors).size > 0 ? { variant, isCertain: true } : undefined,
  componentsOf: (tensors) =>
    present({
      transformer: sd3Tensors(originalTransformer(tensors)),
      text_encoder: clipEncoderOf(withPrefix(tensors, 'text_encoders.clip_l.transformer.'), 'projected'),
      text_encoder_2: clipEncoderOf(withPrefix(tensors, 'text_encoders.clip_g.transformer.'), 'projected'),
      text_encoder_3: t5EncoderOf(withPrefix(tensors, 'text_encoders.t5xxl.transformer.')),
      vae: autoencoderOf(tensors),
    }),
  companions: [
    clipFile('text_encoder', 'l', 'projected'),
    clipFile('text_encoder_2', 'g', 'projected'),
    t5File('text_encoder_3', 'tokenizer_3'),
    autoencoderFile(/^sd[-_.]?3.*[-_.](ae|vae).*$/i, 'sd3.5_vae.safetensors'),
  ],
};
