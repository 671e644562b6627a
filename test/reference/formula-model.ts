import {
  type Conditioning,
  type ConditioningRequest,
  classifierFree,
  type DiffusionModel,
} from '../../plugins/local-diffusion/src/pipelines/diffusion-model.js';
import type { PictureRequest } from '../../plugins/local-diffusion/src/pipelines/picture-request.js';
import { TorchGenerator } from '../../plugins/local-diffusion/src/sampling/noise/torch-generator.js';
import type { Feed } from '../../plugins/local-diffusion/src/session/network.js';

/** A run of the denoising network. */
export interface Call {
  readonly input: Feed;
  readonly timestep: number;
  readonly conditioning: Conditioning;
}

const schedulerConfig = {
  _class_name: 'EulerDiscreteScheduler',
  beta_start: 0.00085,
  beta_end: 0.012,
  beta_schedule: 'scaled_linear',
  num_train_timesteps: 1000,
  steps_offset: 1,
};
export const width = 16;
export const height = 8;
/** Of one image: 4 channels of 4 x 8. */
export const count = 128;

/**
 * A model whose networks are formulas: a latent is the pixel at its top left, the encoder's deviation is 0.1.
 */
export function createModel(changes: Partial<DiffusionModel> = {}) {
  const calls: Call[] = [];
  const asked: ConditioningRequest[] = [];
  const encoded: Float32Array[] = [];
  const model: DiffusionModel = {
    schedulerConfig,
    latentChannels: 4,
    inputChannels: 4,
    factor: 2,
    guidance: classifierFree,
    patchEdge: 2,
    refinesOnly: false,
    networkMs: 0,
    async condition(request) {
      asked.push(request);
      const tokens = (value: number): Conditioning => ({
        encoder_hidden_states: { data: Float32Array.of(value), shape: [1, 1, 1] },
      });
      return {
        conditional: tokens(1),
        unconditional: request.isGuided ? tokens(-1) : undefined,
        warnings: [],
      };
    },
    async predict(input, timestep, conditioning) {
      calls.push({ input, timestep, conditioning });
      const [batch = 0, channels = 0, h = 0, w = 0] = input.shape;
      const values = input.data as Float32Array;
      const size = channels * h * w;
      return Float32Array.from({ length: batch * 4 * h * w }, (_, index) => {
        const row = Math.floor(index / (4 * h * w));
        return Math.sin(2 * values[row * size + (index % (4 * h * w))]! + timestep / 300 + row);
      });
    },
    async encode(planes) {
      encoded.push(planes);
      const means = Float32Array.from({ length: count }, (_, i) => planes[(i % 32) * 2]!);
      return { count, draw: (noise) => means.map((mean, i) => mean + 0.1 * noise[i]!) };
    },
    decode: async (latents) => latents,
    release: async () => undefined,
    ...changes,
  };
  return { model, calls, asked, encoded };
}

export const planes = Float32Array.from({ length: 3 * width * height }, (_, index) => Math.sin(index));
/** Text to image from seed 3, in six steps without guidance. */
export const request = (changes: Partial<PictureRequest> = {}): PictureRequest => ({
  prompts: ['a cat'],
  negativePrompts: undefined,
  width,
  height,
  guidanceScale: 1,
  guidanceRescale: 0,
  clipSkip: 0,
  steps: 6,
  generators: [new TorchGenerator(3)],
  ...changes,
});
/** The first draws of a generator of that seed. */
export const drawsOf = (...counts: readonly number[]) => {
  const generator = new TorchGenerator(3);
  return counts.map((each) => generator.randn(each));
};
/** What the network was given. */
export const inputOf = ({ input }: Call) => [...(input.data as Float32Array)];

/**
 * Noise as the network sees it at the first of Euler's steps: multiplied by the largest sigma, and scaled to
 * variance 1.
 */
export const asFirstInput = (noise: Float32Array): Float32Array => {
  const largestSigma = 14.6146;
  return noise.map((value) => (value * largestSigma) / Math.sqrt(largestSigma ** 2 + 1));
};
