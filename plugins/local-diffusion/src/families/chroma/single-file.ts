import { DerivedShapes } from '../../checkpoint/derived-shapes.js';
import { autoencoderOf } from '../components/autoencoder-file.js';
import { deriveT5Config, fluxAutoencoderFile, t5EncoderOf, t5File } from '../components/companion-files.js';
import { present, withPrefix } from '../components/renamed-tensors.js';
import { fluxTensors } from '../flux/original-names.js';
import {
  chromaMark,
  deriveBodyConfig,
  deriveFluxVaeConfig,
  originalTransformer,
} from '../flux/single-file.js';
import type { FileVariant, SingleFileLayout } from '../single-file-layout.js';

const variant: FileVariant = {
  title: 'Chroma',
  index: { _class_name: 'ChromaPipeline' },
  configs: {
    transformer(tensors, what) {
      const shapes = new DerivedShapes(tensors, what);
      const approximator = 'distilled_guidance_layer';
      return {
        _class_name: 'ChromaTransformer2DModel',
        ...deriveBodyConfig(tensors, what),
        approximator_num_channels: shapes.size(`${approximator}.in_proj.weight`, 1),
        approximator_hidden_dim: shapes.size(`${approximator}.in_proj.weight`, 0),
        approximator_layers: shapes.count((layer) => `${approximator}.norms.${layer}.weight`),
      };
    },
    text_encoder: deriveT5Config,
    vae: deriveFluxVaeConfig,
  },
  tokenizers: {},
  schedulerConfig: async () => ({
    config: {
      ...{ _class_name: 'FlowMatchEulerDiscreteScheduler', num_train_timesteps: 1000 },
      ...{ shift: 1, use_dynamic_shifting: false },
    },
  }),
};

/** The layout of Chroma's files: that of FLUX.1. */
export const singleFile: SingleFileLayout = {
  mark: chromaMark,
  recognise: (_path, tensors) =>
    originalTransformer(tensors).has(chromaMark) ? { variant, isCertain: true } : undefined,
  componentsOf: (tensors) =>
    present({
      transformer: fluxTensors(originalTransformer(tensors)),
      text_encoder: t5EncoderOf(withPrefix(tensors, 'text_encoders.t5xxl.transformer.')),
      vae: autoencoderOf(tensors),
    }),
  companions: [t5File('text_encoder', 'tokenizer'), fluxAutoencoderFile()],
};
