import { DerivedShapes } from '../../checkpoint/derived-shapes.js';
import { invalidFiles } from '../../checkpoint/invalid-files.js';
import { autoencoderOf } from '../components/autoencoder-file.js';
import {
  clipEncoderOf,
  clipFile,
  deriveT5Config,
  fluxAutoencoderFile,
  t5EncoderOf,
  t5File,
} from '../components/companion-files.js';
import { deriveTextConfig, deriveVaeConfig } from '../components/derived-configs.js';
import { present, withPrefix } from '../components/renamed-tensors.js';
import type { FileVariant, Json, SingleFileLayout, Tensors } from '../single-file-layout.js';
import { latents } from './latents.js';
import { fluxTensors } from './original-names.js';

const mark = 'double_blocks.0.img_attn.qkv.weight';
/** Of Chroma alone. */
export const chromaMark = 'distilled_guidance_layer.in_proj.weight';
/** What latents are moved by before they are scaled, in FLUX.1's autoencoder. */
const latentShift = 0.1159;
/** The head of all published models, and how many of its numbers each axis of the positions turns. */
const publishedHead = { width: 128, axes: [16, 56, 56] };

/**
 * The transformer of a file, under its original names without a prefix; empty where there is none with FLUX's
 * blocks.
 */
export function originalTransformer(tensors: Tensors): Tensors {
  for (const prefix of ['', 'model.diffusion_model.', 'diffusion_model.']) {
    if (tensors.has(prefix + mark)) return withPrefix(tensors, prefix);
  }
  return new Map();
}

/** The config of a transformer with FLUX's blocks, by its tensors. */
export function deriveBodyConfig(tensors: Tensors, what: string): Json {
  const shapes = new DerivedShapes(tensors, what);
  const width = shapes.size('x_embedder.weight', 0);
  const headWidth = shapes.size('transformer_blocks.0.attn.norm_q.weight', 0);
  if (headWidth !== publishedHead.width) {
    throw invalidFiles(
      `The size of ${what} is not a published one: its heads are ${headWidth} wide, and not ${publishedHead.width}.`,
      'Give a folder with the config files of the model, laid out like a diffusers folder.',
    );
  }
  return {
    in_channels: shapes.size('x_embedder.weight', 1),
    out_channels: shapes.size('proj_out.weight', 0),
    num_layers: shapes.count((block) => `transformer_blocks.${block}.attn.norm_q.weight`),
    num_single_layers: shapes.count((block) => `single_transformer_blocks.${block}.attn.norm_q.weight`),
    attention_head_dim: headWidth,
    num_attention_heads: width / headWidth,
    joint_attention_dim: shapes.size('context_embedder.weight', 1),
    axes_dims_rope: publishedHead.axes,
  };
}

/** The config of FLUX.1's autoencoder. */
export const deriveFluxVaeConfig = (tensors: Tensors, what: string): Json => ({
  ...deriveVaeConfig(tensors, latents.scaling, what),
  shift_factor: latentShift,
});

function variantOf(path: string, tensors: Tensors): FileVariant {
  const readsGuidance = tensors.has('guidance_in.in_layer.weight');
  // Kontext has the shapes of dev: only the name of the file tells it.
  const isKontext = readsGuidance && /kontext/i.test(path.slice(path.search(/[^/\\]*$/)));
  return {
    title: isKontext ? 'FLUX.1 Kontext' : readsGuidance ? 'FLUX.1 dev' : 'FLUX.1 schnell',
    index: { _class_name: isKontext ? 'FluxKontextPipeline' : 'FluxPipeline' },
    configs: {
      transformer: (own, what) => ({
        _class_name: 'FluxTransformer2DModel',
        ...deriveBodyConfig(own, what),
        pooled_projection_dim: new DerivedShapes(own, what).size(
          'time_text_embed.text_embedder.linear_1.weight',
          1,
        ),
        guidance_embeds: readsGuidance,
      }),
      text_encoder: (own, what) => deriveTextConfig(own, 'quick_gelu', what),
      text_encoder_2: deriveT5Config,
      vae: deriveFluxVaeConfig,
    },
    tokenizers: { tokenizer: 'clip' },
    schedulerConfig: async () => ({
      config: {
        ...{ _class_name: 'FlowMatchEulerDiscreteScheduler', num_train_timesteps: 1000 },
        ...{ shift: readsGuidance ? 3 : 1, use_dynamic_shifting: readsGuidance },
        ...{ base_shift: 0.5, max_shift: 1.15, base_image_seq_len: 256, max_image_seq_len: 4096 },
      },
    }),
  };
}

/** The layout of Black Forest Labs' files and of ComfyUI's: the transformer alone, or all in one. */
export const singleFile: SingleFileLayout = {
  mark,
  recognise(path, tensors) {
    const own = originalTransformer(tensors);
    // Of the models with such blocks it alone has modulations in each.
    if (!own.has('double_blocks.0.img_mod.lin.weight')) return undefined;
    return { variant: variantOf(path, own), isCertain: true };
  },
  componentsOf: (tensors) =>
    present({
      transformer: fluxTensors(originalTransformer(tensors)),
      text_encoder: clipEncoderOf(withPrefix(tensors, 'text_encoders.clip_l.transformer.'), 'pooled'),
      text_encoder_2: t5EncoderOf(withPrefix(tensors, 'text_encoders.t5xxl.transformer.')),
      vae: autoencoderOf(tensors),
    }),
  companions: [
    clipFile('text_encoder', 'l', 'pooled', {
      tensor: 'time_text_embed.text_embedder.linear_1.weight',
      axis: 1,
    }),
    t5File('text_encoder_2', 'tokenizer_2'),
    fluxAutoencoderFile(),
  ],
};
