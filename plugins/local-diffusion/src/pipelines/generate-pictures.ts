import { EaselError } from '@easel/plugin-sdk';
import { type Beginning, type BeginningScope, beginWithLatents, beginWithNoise } from './beginning.js';
import { readControls, warnOfEmphasis } from './controls.js';
import { createDenoiser } from './denoiser.js';
import { type DiffusionModel, readsMask } from './diffusion-model.js';
import { drawNoise, repeatRows } from './draws.js';
import { beginFollowing } from './following.js';
import { beginWithPicture } from './image-to-image.js';
import { beginInpainting } from './inpainting.js';
import type { PictureRequest } from './picture-request.js';
import { conditionByStages } from './prompt-stages.js';
import { refuseWhatModelCannotDo } from './refusals.js';
import { partSteps, planSpan, type SpanRequest } from './sampling-span.js';

export interface LatentsResult {
  /**
   * Latents as the sampler leaves them, one image after the other: what `decode` takes, or another model goes
   * on from.
   */
  readonly latents: Float32Array;
  /** [images, channels, height, width] */
  readonly shape: readonly number[];
  /** Usual name of the sampler that was used. */
  readonly sampler: string;
  readonly warnings: readonly string[];
}

export interface PicturesResult extends Omit<LatentsResult, 'latents' | 'shape'> {
  /** [images, 3, height, width], about -1 to 1. */
  readonly planes: Float32Array;
}

/**
 * Text to image, image to image or inpainting, as the request's source says, with any model: diffusers'
 * pipelines, draw for draw.
 *
 * @throws ERR_REQUEST_INVALID for what the model or the schedule cannot do; ERR_ABORTED between two network
 * calls
 */
export async function generatePictures(
  model: DiffusionModel,
  request: PictureRequest,
): Promise<PicturesResult> {
  if (keepsPicture(model, request)) return keepPicture(model, request);
  const { latents, shape, ...rest } = await generateLatents(model, request);
  return { ...rest, planes: await model.decode(latents, shape) };
}

/** The same without the decoder: for another model to go on from. */
export async function generateLatents(
  model: DiffusionModel,
  request: PictureRequest,
): Promise<LatentsResult> {
  refuseWhatModelCannotDo(model, request);
  const { prompts, width, height, generators, guidanceScale, guidanceRescale, signal } = request;
  const { guidanceStart = 0, guidanceEnd = 1, deepCacheInterval = 1, controls = [] } = request;
  const images = prompts.length;
  const span = planSpan(spanOf(model, request));
  const unconditionalScale = model.guidance.scaleOf?.(request) ?? 1;
  const conditioning = await conditionByStages(model, request, unconditionalScale > 1);
  throwIfAborted(signal);

  const read = await readControls(model, controls, { width, height, images }, generators);
  const latentShape = [model.latentChannels, height / model.factor, width / model.factor];
  const isHandedOver = request.denoisingStart !== undefined;
  const { latents, extraChannels, restore } = await begin(
    { model, span, images, latentShape, generators, isHandedOver },
    request,
  );
  throwIfAborted(signal);
  const shape = [images, ...latentShape];
  const stepsBefore = isHandedOver ? request.steps - span.stepsOfCalls[span.calls - 1]! - 1 : 0;
  const mayReuse = deepCacheInterval > 1 && controls.length === 0;
  const reusing = mayReuse ? model.predictReusing?.(deepCacheInterval) : undefined;
  const network = { guidance: model.guidance, predict: reusing ?? model.predict };
  const denoise = createDenoiser(network, {
    images,
    latentShape,
    conditioningAt: (call) => conditioning.at(stepsBefore + span.stepsOfCalls[call]!),
    guidanceScale,
    unconditionalScale,
    guidanceRescale,
    guidanceLimit: model.guidance.limit?.(request),
    guidesAt: (timestep, share) =>
      share >= guidanceStart && share < guidanceEnd && (model.guidance.guidesAt?.(request, timestep) ?? true),
    extraChannels,
    controls: read,
    calls: span.calls,
    weakened: model.guidance.weaken?.(request),
  });
  let networkMs = 0;
  const denoised = await span.run({
    latents,
    imageCount: images,
    async denoise(scaledLatents, timestep) {
      const from = model.networkMs;
      const output = await denoise(scaledLatents, timestep);
      networkMs = model.networkMs - from;
      return output;
    },
    noise: (count) => drawNoise(generators, count),
    // Samplers go on with the very array that they show.
    async onStep(step) {
      restore?.(step.latents, step.index);
      await request.onStep?.({ ...step, shape, networkMs });
    },
    signal,
  });
  throwIfAborted(signal);
  return {
    latents: denoised,
    shape,
    sampler: span.sampler,
    warnings: [
      ...new Set([
        ...span.warnings,
        ...conditioning.warnings,
        ...(unconditionalScale > 1 ? [] : warnOfUnreadNegative(model, request)),
        ...warnOfUnreadScale(model, request),
        ...warnOfUnreadStrength(model, request),
        ...warnOfEmphasis(model, controls),
        ...(unconditionalScale > 1 ? [] : warnOfUnreadSpan(request)),
        ...(deepCacheInterval > 1 && !reusing ? [controls.length > 0 ? freshLayers : noDeepLayers] : []),
      ]),
    ],
  };
}

/** How many steps a model would make before a share of the noise schedule, and how many after it. */
export const stepsAround = (model: DiffusionModel, request: PictureRequest, share: number) =>
  partSteps(spanOf(model, request), share);

function spanOf(model: DiffusionModel, request: PictureRequest): SpanRequest {
  const imageTokens = (request.width / model.patchEdge) * (request.height / model.patchEdge);
  return {
    ...request,
    schedulerConfig: spaced(model.schedulerConfig, request.timestepSpacing),
    strength: beginsFromSource(model, request) ? request.strength : undefined,
    flowTimes: model.flowTimes,
    alignedSigmas: model.alignedSigmas,
    imageTokens,
    flowShift: model.flowShift?.(imageTokens, request.steps),
  };
}

/** Strength 0: the picture is what comes out. */
export const keepsPicture = (model: DiffusionModel, request: PictureRequest): boolean =>
  request.strength === 0 && request.denoisingStart === undefined && beginsFromSource(model, request);

function keepPicture(model: DiffusionModel, request: PictureRequest): PicturesResult {
  refuseWhatModelCannotDo(model, request);
  const { source, prompts, steps, sampler, samplers } = request;
  if (source?.kind !== 'picture') {
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      message: 'Latents at strength 0 leave nothing to do.',
    });
  }
  const span = planSpan({ schedulerConfig: model.schedulerConfig, steps, sampler, samplers });
  return {
    planes: repeatRows(source.planes, prompts.length),
    sampler: span.sampler,
    warnings: [...span.warnings, 'Strength 0 keeps the image as it is: no step was made.'],
  };
}

const freshLayers = 'deepCacheInterval had no effect: what a ControlNet adds goes into all layers.';
const noDeepLayers = 'deepCacheInterval had no effect: only UNets have such layers.';

function warnOfUnreadSpan({ guidanceStart = 0, guidanceEnd = 1 }: PictureRequest): readonly string[] {
  if (guidanceStart === 0 && guidanceEnd === 1) return [];
  return [
    'guidanceStart and guidanceEnd had no effect: no step is guided with this guidance scale and model.',
  ];
}

/** Distilled models that are told no scale make the same of each. */
function warnOfUnreadScale(
  { guidance: { scaleOf, inputs } }: Pick<DiffusionModel, 'guidance'>,
  { guidanceScale }: Pick<PictureRequest, 'guidanceScale'>,
): string[] {
  if (scaleOf || inputs || guidanceScale <= 1) return [];
  return [`The guidance scale ${guidanceScale} had no effect: this model is distilled and has none.`];
}

function warnOfUnreadNegative(
  {
    guidance: { scaleOf, negativeIsRead = 'with a guidance scale over 1' },
  }: Pick<DiffusionModel, 'guidance'>,
  { negativePrompts }: Pick<PictureRequest, 'negativePrompts'>,
): string[] {
  if (!negativePrompts?.some((text) => text.trim() !== '')) return [];
  const why = scaleOf ? `it is read ${negativeIsRead} alone` : 'this model has no guidance by one';
  return [`The negative prompt had no effect: ${why}.`];
}

const spaced = (config: unknown, spacing: PictureRequest['timestepSpacing']): unknown =>
  spacing === undefined ? config : { ...(config as object), timestep_spacing: spacing };

function warnOfUnreadStrength(model: DiffusionModel, request: PictureRequest): string[] {
  const { source, isStrengthAsked = false } = request;
  if (!isStrengthAsked || source?.kind !== 'picture' || beginsFromSource(model, request)) return [];
  const masked = model.editing ? ' A mask makes it start from there.' : '';
  return [`strength had no effect: the model reads the input image, and does not start from it.${masked}`];
}

/** A model that follows or edits an image begins from noise, unless a mask keeps something of it. */
const beginsFromSource = (model: DiffusionModel, { source }: PictureRequest): boolean =>
  source !== undefined &&
  !model.followsImage &&
  !(model.editing && source.kind === 'picture' && source.mask === undefined);

async function begin(scope: BeginningScope, { source, strength = 1 }: PictureRequest): Promise<Beginning> {
  if (source === undefined) return beginWithNoise(scope);
  if (source.kind === 'latents') return beginWithLatents(scope, source.latents);
  const { planes, mask } = source;
  if (scope.model.followsImage) return await beginFollowing(scope, planes);
  if (!mask && scope.model.editing) return beginWithNoise(scope);
  if (!mask && !readsMask(scope.model)) return await beginWithPicture(scope, planes);
  return await beginInpainting(scope, {
    planes,
    mask: mask ?? new Float32Array(planes.length / 3).fill(1),
    startsFromNoise: strength === 1,
  });
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw new EaselError({ code: 'ERR_ABORTED', message: 'The call was cancelled.', cause: signal.reason });
}
