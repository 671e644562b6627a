import type { Progress } from '@easel/plugin-sdk';
import type { ModelCache } from '../library/model-cache.js';
import { generatePictures } from '../pipelines/generate-pictures.js';
import { toRgb } from '../pipelines/pixels.js';
import { TorchGenerator } from '../sampling/noise.js';
import type { Made, Picture, PictureJob } from './job.js';
import { readSource } from './read-source.js';

/** Telling wakes two processes, on cores that the network is using: a small model's steps are shorter than this. */
const progressIntervalMs = 50;
/** Share of a call's progress that loading the model is given. */
const loadShare = 0.1;

/**
 * Makes the pictures of one call, one after the other: on a processor a batch is no faster, and a picture's pixels must not depend on
 * those that it is made with.
 */
export async function makePictures(
  models: ModelCache,
  jobs: readonly PictureJob[],
  call: { readonly signal: AbortSignal; readonly onProgress: (progress: Progress) => void },
): Promise<Made> {
  const pictures: Picture[] = [];
  const warnings = new Set<string>();
  const timings = { load: 0, network: 0, make: 0 };
  let sampler = '';
  const tell = atIntervals(call.onProgress);
  const [first] = jobs;
  // Once for all jobs, and before a model is loaded in vain.
  const read = first?.source && (await readSource(first.source, first.width, first.height));
  for (const warning of read?.warnings ?? []) warnings.add(warning);
  for (const [index, job] of jobs.entries()) {
    const loadFrom = performance.now();
    const { model, isNew } = await models.get(job.modelFolder, () =>
      call.onProgress({ stage: 'load', fraction: 0 }),
    );
    const makeFrom = performance.now();
    if (isNew) timings.load += makeFrom - loadFrom;

    const networkFrom = model.networkMs;
    const made = await generatePictures(model, {
      ...job,
      prompts: [job.prompt],
      negativePrompts: job.negativePrompt === undefined ? undefined : [job.negativePrompt],
      source: read?.source,
      generators: [new TorchGenerator(job.seed)],
      signal: call.signal,
      onStep: (step) => tell(() => progressOf(index, jobs.length, step)),
    });
    pictures.push({ rgb: toRgb(made.planes), width: job.width, height: job.height });
    for (const warning of made.warnings) warnings.add(warning);
    sampler = made.sampler;
    timings.network += model.networkMs - networkFrom;
    timings.make += performance.now() - makeFrom;
  }
  call.onProgress({ stage: 'finish', fraction: 1 });
  return { pictures, sampler, warnings: [...warnings], timings };
}

function atIntervals(onProgress: (progress: Progress) => void): (progress: () => Progress) => void {
  let toldAt = 0;
  return (progress) => {
    if (performance.now() - toldAt < progressIntervalMs) return;
    toldAt = performance.now();
    onProgress(progress());
  };
}

function progressOf(
  picture: number,
  pictures: number,
  { index, of }: { index: number; of: number },
): Progress {
  const steps = pictures * of;
  const step = picture * of + index + 1;
  // The decoder's run counts as one step more.
  const done = (picture * (of + 1) + index + 1) / (pictures * (of + 1));
  const message = pictures === 1 ? undefined : `picture ${picture + 1} of ${pictures}`;
  return {
    stage: 'generate',
    fraction: loadShare + (1 - loadShare) * done,
    step,
    steps,
    ...(message === undefined ? {} : { message }),
  };
}
