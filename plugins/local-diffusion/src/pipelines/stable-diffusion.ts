import { EaselError } from '@easel/plugin-sdk';
import type { ClipTokenizer } from '../prompt/tokenizer.js';
import type { Feed } from '../runtime/network.js';
import type { TorchGenerator } from '../sampling/noise.js';
import type { SamplingPlan } from '../sampling/plan.js';
import { applyGuidance, embedGuidance, rescaleGuidance } from './guidance.js';

/** An open checkpoint: what the pipeline needs of it, wherever its networks run. */
export interface StableDiffusionModel {
  readonly tokenizer: ClipTokenizer;
  /** The parsed `scheduler_config.json`. */
  readonly schedulerConfig: unknown;
  readonly latentChannels: number;
  /** Pixels to a latent, along an edge. */
  readonly factor: number;
  /** Width of the guidance embedding that the denoising network takes in place of guidance. Absent: it takes none. */
  readonly guidanceEmbeddingSize: number | undefined;
  /** Milliseconds that its networks have run so far. */
  readonly networkMs: number;
  /** Token ids, one row an image, to [images, tokens, width]; without the text encoder's last `clipSkip` layers. */
  encodeText(ids: readonly (readonly number[])[], clipSkip: number): Promise<Feed>;
  /** One run of the denoising network, over a batch at one timestep. */
  predict(
    latents: Feed,
    timestep: number,
    conditioning: Feed,
    guidance: Feed | undefined,
  ): Promise<Float32Array>;
  /** Latents as the sampler leaves them to pixels, [images, 3, height, width], about -1 to 1. */
  decode(latents: Float32Array, shape: readonly number[]): Promise<Float32Array>;
  release(): Promise<void>;
}

export interface TextToImage {
  /** One prompt an image. */
  readonly prompts: readonly string[];
  /** One an image; used only where guidance is. */
  readonly negativePrompts: readonly string[];
  /** Pixels; multiples of the autoencoder's factor. */
  readonly width: number;
  readonly height: number;
  /** At most 1: no classifier-free guidance. */
  readonly guidanceScale: number;
  /** 0 to 1. */
  readonly guidanceRescale: number;
  /** Last layers of the text encoder to leave out. */
  readonly clipSkip: number;
  readonly plan: SamplingPlan;
  /** One an image, or one for all of them, drawn from as torch does for a batch. */
  readonly generators: readonly TorchGenerator[];
  readonly signal?: AbortSignal | undefined;
  /** Called after each call of the denoising network. */
  onStep?(step: {
    readonly index: number;
    readonly of: number;
    readonly latents: Float32Array;
  }): void | Promise<void>;
}

export interface TextToImageResult {
  /** [images, 3, height, width], about -1 to 1. */
  readonly planes: Float32Array;
  readonly warnings: readonly string[];
}

/** Text to image with a Stable Diffusion 1.x or 2.x checkpoint: diffusers' `StableDiffusionPipeline`, draw for draw. */
export async function textToImage(
  model: StableDiffusionModel,
  request: TextToImage,
): Promise<TextToImageResult> {
  const { prompts, negativePrompts, width, height, guidanceScale, plan, signal } = request;
  const images = prompts.length;
  const isGuided = guidanceScale > 1 && model.guidanceEmbeddingSize === undefined;
  const conditional = await encodePrompts(model, prompts, request.clipSkip);
  // diffusers leaves layers out for the prompt only, never for the negative one.
  const unconditional = isGuided ? await encodePrompts(model, negativePrompts, 0) : undefined;
  const conditioning = unconditional ? joinBatches(unconditional.feed, conditional.feed) : conditional.feed;
  throwIfAborted(signal);

  const latentShape = [model.latentChannels, height / model.factor, width / model.factor];
  const draw = (count: number) => drawNoise(request.generators, count);
  const latents = draw(images * product(latentShape)).map((value) => value * plan.initialNoiseSigma);
  const denoise = createDenoiser(model, request, {
    images,
    isGuided,
    latentShape,
    conditioning,
  });
  const denoised = await plan.run({
    latents,
    imageCount: images,
    denoise,
    noise: draw,
    ...(request.onStep ? { onStep: request.onStep } : {}),
    signal,
  });
  throwIfAborted(signal);
  return {
    planes: await model.decode(denoised, [images, ...latentShape]),
    warnings: [...new Set([...conditional.warnings, ...(unconditional?.warnings ?? [])])],
  };
}

/** Prompts to text embeddings, with a warning for each that is longer than the text encoder reads. */
async function encodePrompts(model: StableDiffusionModel, texts: readonly string[], clipSkip: number) {
  const encoded = texts.map((text) => model.tokenizer.encodePadded(text));
  const warnings = new Set<string>();
  for (const [index, { truncated }] of encoded.entries()) {
    if (truncated > 0) {
      warnings.add(
        `The last ${truncated} tokens of a prompt had no effect: "${texts[index]?.slice(0, 40)}..." is too long.`,
      );
    }
  }
  const feed = await model.encodeText(
    encoded.map(({ ids }) => ids),
    clipSkip,
  );
  return { feed, warnings: [...warnings] };
}

function joinBatches(first: Feed, second: Feed): Feed {
  const data = new Float32Array(first.data.length + second.data.length);
  data.set(first.data as Float32Array);
  data.set(second.data as Float32Array, first.data.length);
  return { data, shape: [first.shape[0]! + second.shape[0]!, ...first.shape.slice(1)] };
}

function createDenoiser(
  model: StableDiffusionModel,
  { guidanceScale, guidanceRescale }: TextToImage,
  {
    images,
    isGuided,
    latentShape,
    conditioning,
  }: { images: number; isGuided: boolean; latentShape: number[]; conditioning: Feed },
): (latents: Float32Array, timestep: number) => Promise<Float32Array> {
  const size = images * product(latentShape);
  const batch = isGuided ? 2 * images : images;
  const shape = [batch, ...latentShape];
  const guidanceEmbedding = repeatGuidance(model.guidanceEmbeddingSize, guidanceScale, images);
  return async (latents, timestep) => {
    if (!isGuided)
      return await model.predict({ data: latents, shape }, timestep, conditioning, guidanceEmbedding);
    const doubled = new Float32Array(2 * size);
    doubled.set(latents);
    doubled.set(latents, size);
    const prediction = await model.predict({ data: doubled, shape }, timestep, conditioning, undefined);
    const guided = applyGuidance(prediction, guidanceScale, new Float32Array(size));
    if (guidanceRescale > 0) rescaleGuidance(guided, prediction.subarray(size), images, guidanceRescale);
    return guided;
  };
}

function repeatGuidance(size: number | undefined, scale: number, images: number): Feed | undefined {
  if (size === undefined) return undefined;
  const data = new Float32Array(images * size);
  for (let image = 0; image < images; image++) data.set(embedGuidance(scale, size), image * size);
  return { data, shape: [images, size] };
}

/** Each generator draws its own image's share; a single one draws for the whole batch. */
function drawNoise(generators: readonly TorchGenerator[], count: number): Float32Array {
  const noise = new Float32Array(count);
  const share = count / generators.length;
  for (const [index, generator] of generators.entries()) noise.set(generator.randn(share), index * share);
  return noise;
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted)
    throw new EaselError({ code: 'ERR_ABORTED', message: 'The call was cancelled.', cause: signal.reason });
}

const product = (factors: readonly number[]) => factors.reduce((one, other) => one * other, 1);
