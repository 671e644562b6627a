import { basename, extname } from 'node:path';
import { DerivedShapes } from '../../checkpoint/derived-shapes.js';
import { invalidFiles } from '../../checkpoint/invalid-files.js';
import { autoencoderOf } from '../components/autoencoder-file.js';
import { fluxAutoencoderFile } from '../components/companion-files.js';
import { deriveQwenConfig, qwen3File, qwenEncoderOf } from '../components/qwen-file.js';
import { present, withPrefix } from '../components/renamed-tensors.js';
import { deriveFluxVaeConfig } from '../flux/single-file.js';
import type { FileVariant, Json, SingleFileLayout, Tensors } from '../single-file-layout.js';
import { latentsPerToken } from './network/z-image-transformer.js';
import { zImageTensors } from './original-names.js';

const mark = 'cap_embedder.0.weight';
/** Lumina 2 has `layers.0.adaLN_modulation.1`. */
const modulation = 'layers.0.adaLN_modulation.0.weight';
/** The head of all published models, and how many of its numbers each axis of the positions turns. */
const publishedHead = { width: 128, axes: [32, 48, 48] };

/** The transformer of a file, without a prefix; empty where there is none of Z-Image. */
function originalTransformer(tensors: Tensors): Tensors {
  for (const prefix of ['', 'model.diffusion_model.', 'diffusion_model.']) {
    if (tensors.has(prefix + mark) && tensors.has(prefix + modulation)) return withPrefix(tensors, prefix);
  }
  return new Map();
}

function deriveConfig(tensors: Tensors, what: string): Json {
  const shapes = new DerivedShapes(tensors, what);
  const width = shapes.size('cap_embedder.1.weight', 0);
  const headWidth = shapes.size('layers.0.attention.norm_q.weight', 0);
  if (headWidth !== publishedHead.width) {
    throw invalidFiles(
      `The size of ${what} is not a published one: its heads are ${headWidth} wide, and not ${publishedHead.width}.`,
      'Give a folder with the config files of the model, laid out like a diffusers folder.',
    );
  }
  return {
    _class_name: 'ZImageTransformer2DModel',
    in_channels: shapes.size('all_x_embedder.2-1.weight', 1) / latentsPerToken,
    dim: width,
    n_layers: shapes.count((block) => `layers.${block}.attention.norm_q.weight`),
    n_refiner_layers: shapes.count((block) => `noise_refiner.${block}.attention.norm_q.weight`),
    n_heads: width / headWidth,
    cap_feat_dim: shapes.size('cap_embedder.1.weight', 1),
    axes_dims: publishedHead.axes,
  };
}

/**
 * What nothing but the name of a file tells apart: the schedule's shift, and whether somebody has to be told
 * that it was assumed.
 */
function shiftOf(path: string): { readonly shift: number; readonly isAssumed: boolean } {
  const name = basename(path, extname(path));
  if (/turbo/i.test(name)) return { shift: 3, isAssumed: false };
  const isBase = /base/i.test(name) || /^z[-_]?image([-_.]?(bf16|fp16|fp8.*|int8.*|q\d.*))?$/i.test(name);
  return isBase ? { shift: 6, isAssumed: false } : { shift: 3, isAssumed: true };
}

const variant: FileVariant = {
  title: 'Z-Image',
  index: { _class_name: 'ZImagePipeline' },
  configs: { transformer: deriveConfig, text_encoder: deriveQwenConfig, vae: deriveFluxVaeConfig },
  tokenizers: { tokenizer: 'qwen' },
  async schedulerConfig(path) {
    const { shift, isAssumed } = shiftOf(path);
    return {
      config: {
        ...{ _class_name: 'FlowMatchEulerDiscreteScheduler', num_train_timesteps: 1000 },
        ...{ shift, use_dynamic_shifting: false },
      },
      ...(isAssumed && {
        warning: `${path} was taken for a Z-Image-Turbo, since its name does not say that it is a base model: the noise schedule has a shift of ${shift}.`,
      }),
    };
  },
};

/** The layout of Tongyi's and ComfyUI's files: the transformer alone, or all in one. */
export const singleFile: SingleFileLayout = {
  mark,
  recognise: (_path, tensors) =>
    originalTransformer(tensors).size > 0 ? { variant, isCertain: true } : undefined,
  componentsOf: (tensors) =>
    present({
      transformer: zImageTensors(originalTransformer(tensors)),
      text_encoder: qwenEncoderOf(withPrefix(tensors, 'text_encoders.qwen3_4b.transformer.')),
      vae: autoencoderOf(tensors),
    }),
  companions: [
    qwen3File('text_encoder', { path: 'cap_embedder.1', states: 1 }, '4b'),
    fluxAutoencoderFile('all_final_layer.2-1.linear'),
  ],
};
