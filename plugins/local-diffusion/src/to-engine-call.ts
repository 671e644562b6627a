import { EaselError, type GenerationRequest, seedLimit } from '@easel/plugin-sdk';
import type { Family } from './families/family.js';
import { families as allFamilies } from './families/index.js';
import type { Options } from './options.js';
import { type FirstPass, firstPassSize } from './pipelines/first-pass.js';
import type { EngineCall, SourceFiles } from './worker/engine-call.js';

/** How far to go from an image where nobody says; what a mask marks is painted from noise alone. */
const defaultStrengths = { image: 0.8, mask: 1 };

/**
 * What a request asks of the engine.
 *
 * @throws ERR_REQUEST_INVALID for a model that is not the engine's
 */
export function toEngineCall(
  request: GenerationRequest,
  options: Options,
  families: readonly Family[] = allFamilies,
): EngineCall {
  const { model, prompt, negativePrompt, width, height, n, seed = 0, sampler, control = [] } = request;
  const family = families.find(({ type }) => type === model.pipelineType);
  if (!family || !('path' in model.source)) {
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      message: `"${model.id}" is a "${model.pipelineType}" model of a ${model.source.type}; local-diffusion makes only ${families.map(({ type }) => type).join(', ')} models that lie on this machine.`,
      hint: 'Use a model that lies on this machine, or the provider that it belongs to.',
    });
  }
  const { defaults } = family.models;
  const { steps = defaults.steps, guidanceScale = defaults.guidanceScale } = request;
  const source = sourceOf(request);
  const { strength = defaultStrengths[source?.mask ? 'mask' : 'image'] } = request;
  const {
    clipSkip,
    guidanceRescale,
    guidanceStart,
    guidanceEnd,
    deepCacheInterval,
    eta,
    timestepSpacing,
    promptStyle,
    embeddings,
  } = options;
  const readsSyntax = promptStyle === 'weighted';
  const warnings = unreadOptions(family, options, families);
  const firstPass = firstPassOf(request, options, steps, warnings);
  const refiner = source?.mask ? undefined : options.refiner;
  if (refiner !== options.refiner) {
    warnings.push('refiner had no effect: it would not keep what the mask keeps.');
  }
  return {
    seeds: Array.from({ length: n }, (_, index) => (seed + index) % (seedLimit + 1)),
    model: {
      path: model.source.path,
      vae: options.vae,
      loras: options.loras.map(({ path }) => path),
      controlNets: [...new Set(control.flatMap(({ model: path }) => path ?? []))],
      tinyDecoder: options.tinyDecoder,
      predictionType: options.predictionType,
      // Who has no seed expects no certain image; who has one may have it from elsewhere.
      arithmetic: options.precision ?? (request.isSeedDrawn ? 'auto' : 'exact'),
    },
    loraWeights: options.loras.map(({ weight }) => weight),
    prompt,
    negativePrompt,
    width,
    height,
    steps,
    guidanceScale,
    sampler,
    source,
    controls: control.map(({ model: path, strength: scale, ...each }) => ({ ...each, path, scale })),
    strength,
    isStrengthAsked: request.strength !== undefined,
    clipSkip,
    guidanceRescale,
    guidanceStart,
    guidanceEnd,
    deepCacheInterval,
    eta,
    timestepSpacing,
    promptStyle,
    promptSyntax: {
      editing: readsSyntax && options.promptEditing,
      composition: readsSyntax && options.promptComposition,
    },
    embeddings,
    familyOptions: family.readOptions(options),
    firstPass,
    refiner,
    previews: request.previews,
    warnings,
  };
}

function sourceOf({ inputImages, mask }: GenerationRequest): SourceFiles | undefined {
  const [image, ...others] = inputImages;
  return image && { image, others, mask };
}

/** A warning for each option that only other families read. */
function unreadOptions(family: Family, options: Options, families: readonly Family[]): string[] {
  const names = new Set(families.flatMap((each) => Object.keys(each.options)));
  return [...names]
    .filter((name) => options[name] !== undefined && !(name in family.options))
    .map((name) => {
      const readers = families.filter((each) => name in each.options).map(({ title }) => title);
      return `${name} had no effect: only ${readers.join(' and ')} models read it.`;
    });
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
