import { EaselError, type GenerationRequest, seedLimit } from '@easel/plugin-sdk';
import type { Options } from './options.js';
import type { XlConditioningRequest } from './pipelines/diffusion-model.js';
import { type FirstPass, firstPassSize } from './pipelines/first-pass.js';
import type { PictureJob, SourceFiles } from './worker/protocol.js';

/**
 * What this plugin handles, with the values where neither the request nor the model's catalogue entry has one; a model of another
 * type that is routed here, by a fallback, is refused.
 */
const defaultsByType: Readonly<Record<string, Pick<PictureJob, 'steps' | 'guidanceScale'>>> = {
  sd: { steps: 20, guidanceScale: 7.5 },
  sdxl: { steps: 20, guidanceScale: 5 },
};

/** How far to go from a picture where nobody says; what a mask marks is painted from noise alone. */
const defaultStrengths = { picture: 0.8, mask: 1 };

/** Options that only SDXL, or only its refiner, reads. */
const xlOptions = [
  'secondPrompt',
  'secondNegativePrompt',
  'originalSize',
  'cropTopLeft',
  'targetSize',
  'aestheticScore',
  'negativeAestheticScore',
] as const satisfies readonly (keyof Options)[];

/**
 * A request as jobs for the engine, one a picture, each with a seed of its own.
 *
 * @throws ERR_REQUEST_INVALID for a model that is not the engine's, and for more input images than one
 */
export function jobsOf(request: GenerationRequest, options: Options): PictureJob[] {
  const { model, prompt, negativePrompt, width, height, n, seed = 0, sampler } = request;
  const defaults = defaultsByType[model.pipelineType];
  if (!defaults || !('path' in model.source)) {
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      message: `"${model.id}" is a "${model.pipelineType}" model of a ${model.source.type}; local-diffusion makes only ${Object.keys(defaultsByType).join(', ')} models that lie on this machine.`,
      hint: 'Use a model that lies on this machine, or the provider that it belongs to.',
    });
  }
  const files = {
    path: model.source.path,
    vae: options.vae,
    loras: options.loras.map(({ path }) => path),
    tinyDecoder: options.tinyDecoder,
  };
  const { steps = defaults.steps, guidanceScale = defaults.guidanceScale } = request;
  const source = sourceOf(request);
  const { strength = defaultStrengths[source?.mask ? 'mask' : 'picture'] } = request;
  const warnings: string[] = [];
  const { clipSkip, guidanceRescale, eta, timestepSpacing, promptStyle, embeddings } = options;
  const xl = xlOf(request, options, warnings);
  const firstPass = firstPassOf(request, options, steps, warnings);
  const refiner = source?.mask ? undefined : options.refiner;
  if (refiner !== options.refiner) {
    warnings.push('refiner had no effect: it would not keep what the mask keeps.');
  }
  return Array.from({ length: n }, (_, index) => ({
    model: files,
    loraWeights: options.loras.map(({ weight }) => weight),
    prompt,
    negativePrompt,
    width,
    height,
    seed: (seed + index) % (seedLimit + 1),
    steps,
    guidanceScale,
    sampler,
    source,
    strength,
    clipSkip,
    guidanceRescale,
    eta,
    timestepSpacing,
    promptStyle,
    embeddings,
    xl,
    firstPass,
    refiner,
    previews: request.previews,
    warnings,
  }));
}

function sourceOf({ model, inputImages, mask }: GenerationRequest): SourceFiles | undefined {
  const [image, ...others] = inputImages;
  if (others.length > 0) {
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      message: `inputImages: "${model.id}" starts from one picture, not from ${inputImages.length}.`,
    });
  }
  return image && { image, mask };
}

/** Undefined for other models, with a warning for each option that they do not read. */
function xlOf(
  { model }: GenerationRequest,
  options: Options,
  warnings: string[],
): XlConditioningRequest | undefined {
  if (model.pipelineType !== 'sdxl') {
    for (const name of xlOptions.filter((option) => options[option] !== undefined)) {
      warnings.push(`${name} had no effect: "${model.id}" is no SDXL model.`);
    }
    return undefined;
  }
  const { secondPrompt, secondNegativePrompt, originalSize, cropTopLeft, targetSize } = options;
  const { aestheticScore, negativeAestheticScore } = options;
  return {
    secondPrompts: secondPrompt === undefined ? undefined : [secondPrompt],
    secondNegativePrompts: secondNegativePrompt === undefined ? undefined : [secondNegativePrompt],
    conditions: {
      originalSize: originalSize && [originalSize.height, originalSize.width],
      cropTopLeft: cropTopLeft && [cropTopLeft.top, cropTopLeft.left],
      targetSize: targetSize && [targetSize.height, targetSize.width],
      aestheticScore,
    },
    negativeConditions:
      negativeAestheticScore === undefined ? {} : { aestheticScore: negativeAestheticScore },
  };
}

/** Undefined where there is nothing to make larger, with a warning where it was asked for. */
function firstPassOf(
  request: GenerationRequest,
  { hiresFix }: Options,
  steps: number,
  warnings: string[],
): FirstPass | undefined {
  if (!hiresFix) return undefined;
  if (request.inputImages.length > 0) {
    warnings.push('hiresFix had no effect: it is for text to image, and there is an input image.');
    return undefined;
  }
  const size = firstPassSize(request, hiresFix, request.model);
  if (!size) {
    warnings.push(
      `hiresFix had no effect: ${request.width} x ${request.height} pixels are no more than the first picture would have.`,
    );
    return undefined;
  }
  return { ...size, strength: hiresFix.strength, steps: hiresFix.steps ?? steps };
}
