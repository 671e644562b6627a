import { EaselError, type GenerationRequest, seedLimit } from '@easel/plugin-sdk';
import type { TextToImageJob } from './runtime/job.js';

/** What this plugin handles; a model of another type that is routed here, by a fallback, is refused. */
const pipelineTypes = ['sd'];

/** Values where neither the request nor the model's catalogue entry has one. */
const defaults = { steps: 20, guidanceScale: 7.5 };

/** A request as jobs for the engine, one a picture, each with a seed of its own. */
export function jobsOf(
  request: GenerationRequest,
  options: Pick<TextToImageJob, 'clipSkip' | 'guidanceRescale' | 'eta'>,
): TextToImageJob[] {
  const { model, prompt, negativePrompt = '', width, height, n, seed = 0, sampler } = request;
  if (!pipelineTypes.includes(model.pipelineType) || model.source.type !== 'folder') {
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      message: `"${model.id}" is a "${model.pipelineType}" model of a ${model.source.type}; local-diffusion makes only ${pipelineTypes.join(', ')} models that lie in a folder.`,
      hint: 'Use a model that lies on this machine, or the provider that it belongs to.',
    });
  }
  const modelFolder = model.source.path;
  const { steps = defaults.steps, guidanceScale = defaults.guidanceScale } = request;
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
    ...options,
  }));
}
