import { basename } from 'node:path';
import { DerivedShapes } from '../../checkpoint/derived-shapes.js';
import { invalidFiles } from '../../checkpoint/invalid-files.js';
import { autoencoderOf, readAutoencoderTensors } from '../components/autoencoder-file.js';
import { deriveVaeConfig } from '../components/derived-configs.js';
import { deriveQwenConfig, qwen3File, qwenEncoderOf } from '../components/qwen-file.js';
import { present, withPrefix } from '../components/renamed-tensors.js';
import type { CompanionFile, FileVariant, Json, SingleFileLayout, Tensors } from '../single-file-layout.js';
import { flux2Tensors } from './original-names.js';

const mark = 'double_stream_modulation_img.lin.weight';
/** The head of all published models, and how many of its numbers each axis of the positions turns. */
const publishedHead = { width: 128, axes: [32, 32, 32, 32] };
/** Text that the models read, each token's three states side by side, by the size of their Qwen3. */
const encoders = { '4b': 7680, '8b': 12_288 } as const;
/** Likewise of Mistral Small 3, which FLUX.2 dev reads. */
const mistralWidth = 15_360;

/** The transformer of a file, without a prefix; empty where there is none of FLUX.2. */
function originalTransformer(tensors: Tensors): Tensors {
  for (const prefix of ['', 'model.diffusion_model.', 'diffusion_model.']) {
    if (tensors.has(prefix + mark)) return withPrefix(tensors, prefix);
  }
  return new Map();
}

function deriveConfig(tensors: Tensors, what: string): Json {
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
    _class_name: 'Flux2Transformer2DModel',
    in_channels: shapes.size('x_embedder.weight', 1),
    out_channels: shapes.size('proj_out.weight', 0),
    num_layers: shapes.count((block) => `transformer_blocks.${block}.attn.norm_q.weight`),
    num_single_layers: shapes.count((block) => `single_transformer_blocks.${block}.attn.norm_q.weight`),
    attention_head_dim: headWidth,
    num_attention_heads: width / headWidth,
    joint_attention_dim: shapes.size('context_embedder.weight', 1),
    mlp_ratio: shapes.size('transformer_blocks.0.ff.linear_out.weight', 1) / width,
    axes_dims_rope: publishedHead.axes,
    guidance_embeds: shapes.has('time_guidance_embed.guidance_embedder.linear_1.weight'),
  };
}

const deriveFlux2VaeConfig = (tensors: Tensors, what: string): Json => {
  const shapes = new DerivedShapes(tensors, what);
  const { block_out_channels: decoder, ...config } = deriveVaeConfig(tensors, 1, what);
  const encoder = (decoder as number[]).map((_, level) =>
    shapes.size(`encoder.down_blocks.${level}.resnets.0.conv1.weight`, 0),
  );
  return {
    ...config,
    _class_name: 'AutoencoderKLFlux2',
    block_out_channels: encoder,
    decoder_block_out_channels: decoder,
  };
};

function variantOf(path: string, textWidth: number): FileVariant {
  if (textWidth === mistralWidth) {
    throw invalidFiles(
      `${path} is FLUX.2 dev, whose text encoder, Mistral Small 3, this engine cannot open.`,
      'Use FLUX.2 klein: easel models install flux-2-klein-4b',
    );
  }
  // Distilled and base models have the same tensors: only the name of the file tells them apart.
  const isBase = /base/i.test(basename(path));
  const size = textWidth === encoders['8b'] ? '9B' : '4B';
  return {
    title: `FLUX.2 klein ${size}${isBase ? ' base' : ''}`,
    index: { _class_name: 'Flux2KleinPipeline', is_distilled: !isBase },
    configs: { transformer: deriveConfig, text_encoder: deriveQwenConfig, vae: deriveFlux2VaeConfig },
    tokenizers: { tokenizer: 'qwen' },
    schedulerConfig: async () => ({
      config: {
        ...{ _class_name: 'FlowMatchEulerDiscreteScheduler', num_train_timesteps: 1000 },
        ...{ shift: 3, use_dynamic_shifting: true, time_shift_type: 'exponential' },
        ...{ base_shift: 0.5, max_shift: 1.15, base_image_seq_len: 256, max_image_seq_len: 4096 },
      },
    }),
  };
}

const autoencoderFile: CompanionFile = {
  name: 'vae',
  fileName: /^(flux[-_.]?2[-_.]?(ae|vae)|full_encoder_small_decoder).*$/i,
  example: 'flux2-vae.safetensors',
  folders: ['vae'],
  marks: ['decoder.conv_in.weight'],
  componentOf: readAutoencoderTensors,
  misfitOf: (autoencoder) =>
    autoencoder.has('bn.running_mean') ? undefined : 'is none of FLUX.2: it has no statistics of its latents',
};

/** The layout of Black Forest Labs' files and of ComfyUI's: the transformer alone, or all in one. */
export const singleFile: SingleFileLayout = {
  mark,
  recognise(path, tensors) {
    const own = originalTransformer(tensors);
    if (own.size === 0) return undefined;
    const textWidth = own.get('txt_in.weight')?.shape[1] ?? 0;
    return { variant: variantOf(path, textWidth), isCertain: true };
  },
  componentsOf: (tensors) =>
    present({
      transformer: flux2Tensors(originalTransformer(tensors)),
      text_encoder: qwenEncoderOf(
        ['4b', '8b'].reduce(
          (found: Tensors, size) =>
            found.size > 0 ? found : withPrefix(tensors, `text_encoders.qwen3_${size}.transformer.`),
          new Map(),
        ),
      ),
      vae: autoencoderOf(tensors),
    }),
  companions: [
    qwen3File('text_encoder', { path: 'context_embedder', states: 3 }, '4b', '8b'),
    autoencoderFile,
  ],
};
