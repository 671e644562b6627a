import {
  clipL,
  openClip,
  originalUnet,
  originalVae,
  prefixed,
  type Shapes,
} from '../../reference/original-checkpoint.js';

/** A model at the size that is published, and what a benchmark asks of it. */
export interface BenchModel {
  readonly name: string;
  /** Of the checkpoint's file in the cache folder. */
  readonly fileName: string;
  readonly storedAs: 'F32' | 'F16';
  readonly pipelineType: 'sd' | 'sdxl';
  readonly unet: Shapes;
  /** The whole checkpoint in the original layout. */
  readonly checkpoint: Shapes;
  /** Levels of the denoising network. */
  readonly levels: number;
  readonly latentEdge: number;
  /** Images that the denoising network sees at once. */
  readonly batch: number;
  readonly contextWidth: number;
  /** Width of the pooled text; absent means that the network takes none, and no sizes. */
  readonly pooledWidth?: number;
}

const stableDiffusion1Unet = originalUnet({
  channels: 320,
  multipliers: [1, 2, 4, 4],
  depths: [1, 1, 1, 0],
  middleDepth: 1,
  context: 768,
  linear: false,
});
const xlUnet = originalUnet({
  channels: 320,
  multipliers: [1, 2, 4],
  depths: [0, 2, 10],
  middleDepth: 10,
  context: 2048,
  vector: 2816,
  linear: true,
});
const vae = prefixed('first_stage_model.', originalVae());

/** Stable Diffusion 1.5 in float32: 4.3 GB. */
const stableDiffusion15: BenchModel = {
  name: 'sd15',
  fileName: 'stable-diffusion-1-random.safetensors',
  storedAs: 'F32',
  pipelineType: 'sd',
  unet: stableDiffusion1Unet,
  checkpoint: {
    ...prefixed('model.diffusion_model.', stableDiffusion1Unet),
    ...vae,
    ...prefixed('cond_stage_model.transformer.', clipL()),
  },
  levels: 4,
  latentEdge: 64,
  batch: 2,
  contextWidth: 768,
};

/** SDXL in float16, as it is published: 6.9 GB. */
const stableDiffusionXl: BenchModel = {
  name: 'sdxl',
  fileName: 'stable-diffusion-xl-random.safetensors',
  storedAs: 'F16',
  pipelineType: 'sdxl',
  unet: xlUnet,
  checkpoint: {
    ...prefixed('model.diffusion_model.', xlUnet),
    ...vae,
    ...prefixed('conditioner.embedders.0.transformer.', clipL()),
    ...prefixed('conditioner.embedders.1.model.', openClip(32, 1280)),
  },
  levels: 3,
  latentEdge: 128,
  batch: 1,
  contextWidth: 2048,
  pooledWidth: 1280,
};

export const benchModels = [stableDiffusion15, stableDiffusionXl] as const;

/** @throws Error for a name that no model has */
export function benchModel(name: string): BenchModel {
  const model = benchModels.find((each) => each.name === name);
  if (!model)
    throw new Error(`no model "${name}"; there are ${benchModels.map((each) => each.name).join(', ')}`);
  return model;
}

/** Bytes of a network's weights as float32, which is what they are computed in. */
export const float32Bytes = (shapes: Shapes): number =>
  Object.values(shapes).reduce((sum, shape) => sum + shape.reduce((one, other) => one * other, 4), 0);
