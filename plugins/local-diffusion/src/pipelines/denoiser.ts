import type { Feed } from '../session/network.js';
import type { ReadControl } from './control.js';
import type { Conditioning, DiffusionModel, WeakenedPrediction } from './diffusion-model.js';
import {
  applyGuidance,
  composePredictions,
  keepNorms,
  leadAway,
  limitGuidance,
  rescaleGuidance,
} from './guidance.js';
import type { ComposedConditioning } from './prompt-stages.js';

export interface DenoiserOptions {
  readonly images: number;
  /** Of one image: channels, height, width. */
  readonly latentShape: readonly number[];
  /** What a network call is told, counted from 0; guided in all calls or in none. */
  readonly conditioningAt: (call: number) => ComposedConditioning;
  readonly guidanceScale: number;
  /** Of the second prediction, where there is one. */
  readonly unconditionalScale: number;
  /** 0 to 1. */
  readonly guidanceRescale: number;
  /** Of a guided prediction, as a multiple of the one with the prompt. Absent: none. */
  readonly guidanceLimit?: number | undefined;
  /** Whether a call at a timestep, after a share of the calls, is guided. Absent: each is. */
  readonly guidesAt?: ((timestep: number, share: number) => boolean) | undefined;
  /**
   * Channels that the network reads behind the latents: one for all images, or one an image. Absent: none.
   */
  readonly extraChannels?: readonly Float32Array[] | undefined;
  /** Images to follow. Absent: there are none. */
  readonly controls?: readonly ReadControl[] | undefined;
  /** Network calls that will be made. */
  readonly calls: number;
  /** Absent: there is none. */
  readonly weakened?: WeakenedPrediction | undefined;
}

/**
 * The network as samplers call it: latents of all images to its prediction, guided where there is something
 * to guide away from. Both halves of guidance are one run, the unconditional one first.
 */
export function createDenoiser(
  model: Pick<DiffusionModel, 'predict' | 'guidance'>,
  options: DenoiserOptions,
): (latents: Float32Array, timestep: number) => Promise<Float32Array> {
  const { images, guidanceScale, unconditionalScale, guidanceRescale, guidanceLimit, latentShape } = options;
  const size = latentShape.reduce((one, other) => one * other, 1);
  const isGuided = options.conditioningAt(0).unconditional !== undefined;
  const weakened = isGuided ? options.weakened : undefined;
  const furtherInputs = {
    ...model.guidance.inputs?.(guidanceScale, images),
    ...weakened?.plainInputs(images),
  };
  const prepare = ({ parts, unconditional }: ComposedConditioning) => {
    const [told, ...others] = parts.map(({ conditional }) => ({ ...conditional, ...furtherInputs }));
    const both = unconditional && joinBatches({ ...unconditional, ...furtherInputs }, told!);
    return { told: told!, others, weights: parts.map(({ weights }) => weights), both: both ?? told! };
  };
  const prepared = new Map<ComposedConditioning, ReturnType<typeof prepare>>();
  const widen = createWidening(options, isGuided ? 2 * images : images);
  const widenHalf = createWidening(options, images);
  let call = 0;

  return async (latents, timestep) => {
    const share = call / options.calls;
    const composed = options.conditioningAt(call);
    const inputs = prepared.get(composed) ?? prepare(composed);
    prepared.set(composed, inputs);
    const { told, others, weights, both } = inputs;
    call += 1;
    const span = { start: share, end: call / options.calls, controls: options.controls };
    if (isGuided && !(options.guidesAt?.(timestep, share) ?? true)) {
      return await model.predict(widenHalf(latents), timestep, told, span);
    }
    const halves = isGuided ? { ...span, unprompted: images } : span;
    const prediction = await model.predict(widen(latents), timestep, both, halves);
    if (!isGuided) return prediction;
    if (weights.length > 1 || weights[0]!.some((weight) => weight !== 1)) {
      const further: Float32Array[] = [];
      for (const other of others)
        further.push(await model.predict(widenHalf(latents), timestep, other, span));
      composePredictions(prediction, further, weights);
    }
    const guided = applyGuidance(prediction, unconditionalScale, new Float32Array(images * size));
    const own = prediction.subarray(images * size);
    if (weakened && share > weakened.start && share < weakened.stop) {
      const weak = { ...told, ...weakened.weakInputs(images) };
      leadAway(guided, own, await model.predict(widenHalf(latents), timestep, weak, span), weakened.scale);
    }
    const { normedEdge } = model.guidance;
    if (normedEdge !== undefined) keepNorms(guided, own, latentShape, normedEdge);
    if (guidanceLimit !== undefined) limitGuidance(guided, own, images, guidanceLimit);
    if (guidanceRescale > 0) rescaleGuidance(guided, own, images, guidanceRescale);
    return guided;
  };
}

/** Latents to the network's input: repeated for guidance, the further channels behind each image's own. */
function createWidening(
  { images, latentShape, extraChannels }: DenoiserOptions,
  batch: number,
): (latents: Float32Array) => Feed {
  const [channels = 0, height = 0, width = 0] = latentShape;
  const own = channels * height * width;
  const row = own + (extraChannels?.[0]?.length ?? 0);
  const shape = [batch, row / (height * width), height, width];
  if (batch === images && !extraChannels) return (data) => ({ data, shape });
  return (latents) => {
    const data = new Float32Array(batch * row);
    for (let index = 0; index < batch; index++) {
      const image = index % images;
      data.set(latents.subarray(image * own, (image + 1) * own), index * row);
      if (extraChannels) data.set(extraChannels[image % extraChannels.length]!, index * row + own);
    }
    return { data, shape };
  };
}

/** Two batches as one, input by input. */
function joinBatches(first: Conditioning, second: Conditioning): Conditioning {
  return Object.fromEntries(
    Object.entries(first).map(([name, { data, shape }]) => {
      const other = second[name]!;
      const joined = new Float32Array(data.length + other.data.length);
      joined.set(data as Float32Array);
      joined.set(other.data as Float32Array, data.length);
      return [name, { data: joined, shape: [shape[0]! + other.shape[0]!, ...shape.slice(1)] }];
    }),
  );
}
