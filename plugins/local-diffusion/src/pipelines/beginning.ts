import type { TorchGenerator } from '../sampling/noise/torch-generator.js';
import type { DiffusionModel } from './diffusion-model.js';
import { drawNoise } from './draws.js';
import type { SamplingSpan } from './sampling-span.js';

/** What every way to begin needs to know. */
export interface BeginningScope {
  readonly model: DiffusionModel;
  readonly span: SamplingSpan;
  readonly images: number;
  /** Of one image: channels, height, width. */
  readonly latentShape: readonly number[];
  readonly generators: readonly TorchGenerator[];
  /**
   * Whether the source has been through the schedule up to the span's first call, so that no noise is added
   * to it.
   */
  readonly isHandedOver: boolean;
}

/** Where sampling begins. */
export interface Beginning {
  /** As noisy as the span's first call wants them, one image after the other. */
  readonly latents: Float32Array;
  /**
   * Channels that the network reads behind the latents, [channels, height, width]: one for all images, or one
   * an image. Absent: none.
   */
  readonly extraChannels?: readonly Float32Array[];
  /** Puts back what is to be kept, in place, after a network call. Absent: nothing is. */
  readonly restore?: (latents: Float32Array, call: number) => void;
}

/** Text to image: noise alone. */
export function beginWithNoise({ span, images, latentShape, generators }: BeginningScope): Beginning {
  const count = images * latentShape.reduce((one, other) => one * other, 1);
  const latents = drawNoise(generators, count).map((value) => value * span.initialNoiseSigma);
  return { latents };
}

/** Goes on from latents, another model's for instance. */
export function beginWithLatents(
  { span, generators, isHandedOver }: BeginningScope,
  latents: Float32Array,
): Beginning {
  if (isHandedOver) return { latents: latents.slice() };
  return { latents: span.addNoise(latents, drawNoise(generators, latents.length), 0) };
}

/** The shape of a picture that becomes latents of the scope's shape, as the autoencoder takes it. */
export function pictureShape({ model, latentShape }: BeginningScope): number[] {
  const [, height = 0, width = 0] = latentShape;
  return [1, 3, height * model.factor, width * model.factor];
}
