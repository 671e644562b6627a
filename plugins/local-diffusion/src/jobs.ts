import { EaselError, type GenerationRequest, seedLimit } from '@easel/plugin-sdk';
import type { PictureJob, SourceFiles } from './runtime/job.js';

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

/**
 * A request as jobs for the engine, one a picture, each with a seed of its own.
 *
 * @throws ERR_REQUEST_INVALID for a model that is not the engine's, and for more input images than one
 */
export function jobsOf(
  request: GenerationRequest,
  options: Pick<PictureJob, 'clipSkip' | 'guidanceRescale' | 'eta'>,
): PictureJob[] {
  const { model, prompt, negativePrompt, width, height, n, seed = 0, sampler } = request;
  const defaults = defaultsByType[model.pipelineType];
  if (!defaults || model.source.type === 'provider') {
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      message: `"${model.id}" is a "${model.pipelineType}" model of a ${model.source.type}; local-diffusion makes only ${Object.keys(defaultsByType).join(', ')} models that lie on this machine.`,
      hint: 'Use a model that lies on this machine, or the provider that it belongs to.',
    });
  }
  const modelFolder = model.source.path;
  const { steps = defaults.steps, guidanceScale = defaults.guidanceScale } = request;
  const source = sourceOf(request);
  const { strength = defaultStrengths[source?.mask ? 'mask' : 'picture'] } = request;
  return Array.from({ length: n }, (_, index) => ({
    modelFolder,
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
    ...options,
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
