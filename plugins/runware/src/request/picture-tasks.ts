import { createHash } from 'node:crypto';
import { EaselError, type GenerationRequest, type InputImage } from '@easel/plugin-sdk';
import type { TaskIdentity } from '@easel/plugin-sdk/journal';
import type { Options } from '../options.js';
import { schedulerOf } from './schedulers.js';
import { seedOf } from './seeds.js';

/** A task of Runware's without its UUID. */
export type TaskBody = Readonly<Record<string, unknown>> & { readonly taskType: string };

/** One task of a call. */
export interface PictureTask {
  readonly body: TaskBody;
  /** Seeds of its pictures, in their order. Absent: the model has none. */
  readonly seeds?: readonly number[] | undefined;
  /** How many pictures it makes. */
  readonly count: number;
  /** By what an earlier call's task is known to be the same one. */
  readonly identity: TaskIdentity;
}

const formats: Readonly<Record<GenerationRequest['outputFormat'], string>> = {
  png: 'PNG',
  jpeg: 'JPG',
  webp: 'WEBP',
};

/**
 * The tasks of a call: one a picture, each with a seed of its own. Runware counts seeds up itself within a
 * task that makes several (`numberResults`, "incremented by 1 for each image generated"), but then they stand
 * and fall together; `picturesPerTask` asks for it.
 *
 * @throws EaselError ERR_REQUEST_INVALID for what Runware has no parameter for
 */
export function pictureTasks(request: GenerationRequest, options: Options): PictureTask[] {
  const shared = sharedBody(request, options);
  const { n, seed, requestId } = request;
  const tasks: PictureTask[] = [];
  for (let from = 0; from < n; ) {
    const all = Array.from({ length: Math.min(options.picturesPerTask, n - from) }, (_, index) =>
      seed === undefined ? undefined : seedOf(seed, from + index, options.seeds),
    );
    // Runware would not begin anew after the last seed.
    const wraps = all.findIndex(
      (value, index) => index > 0 && value !== undefined && value <= (all[index - 1] ?? 0),
    );
    const count = wraps === -1 ? all.length : wraps;
    const seeds = all.slice(0, count) as number[];
    const first = seeds[0];
    const body: TaskBody = {
      ...shared,
      numberResults: count,
      ...(first === undefined ? {} : { seed: first }),
    };
    const fingerprint = createHash('sha256')
      .update(JSON.stringify([body, options.enhancePrompt ? options.enhanceMaxLength : 0]))
      .digest('hex');
    const isRepeatable = first !== undefined;
    tasks.push({
      body,
      count,
      identity: { fingerprint, requestId, isRepeatable },
      seeds: isRepeatable ? seeds : undefined,
    });
    from += count;
  }
  return tasks;
}

/** The same task with a prompt that was worded anew; what it is known by stays. */
export const withPrompt = (task: PictureTask, positivePrompt: string): PictureTask => ({
  ...task,
  body: { ...task.body, positivePrompt },
});

function sharedBody(request: GenerationRequest, options: Options): TaskBody {
  const { model, prompt, negativePrompt, width, height, steps, guidanceScale, outputFormat } = request;
  if (model.source.type !== 'provider')
    throw new EaselError({
      code: 'ERR_CATALOGUE_INVALID',
      message: `The source of "${model.id}" must be a provider's id, like { "type": "provider", "id": "runware:101@1" }.`,
    });
  const scheduler =
    options.scheduler ?? (request.sampler === undefined ? undefined : schedulerOf(request.sampler));
  return withoutAbsent({
    taskType: 'imageInference',
    model: model.source.id,
    positivePrompt: prompt,
    // Runware refuses one that is too short, as an empty one is.
    negativePrompt: negativePrompt?.trim() === '' ? undefined : negativePrompt,
    width,
    height,
    steps,
    CFGScale: guidanceScale,
    scheduler,
    ...inputsOf(request, options),
    outputType: options.outputType,
    outputFormat: formats[outputFormat],
    outputQuality: options.outputQuality,
    ttl: options.outputType === 'URL' ? options.ttl : undefined,
    deliveryMethod: options.delivery,
    includeCost: options.includeCost || undefined,
    safety: options.checkContent ? { checkContent: true } : undefined,
    lora: options.lora,
    embeddings: options.embeddings,
    refiner: options.refiner,
    controlNet: options.controlNet,
    ipAdapters: options.ipAdapters,
    vae: options.vae,
    clipSkip: options.clipSkip,
    promptWeighting: options.promptWeighting,
    maskMargin: request.mask ? options.maskMargin : undefined,
    outpaint: options.outpaint,
    acceleration: options.acceleration,
    acceleratorOptions: options.acceleratorOptions,
    advancedFeatures: options.advancedFeatures,
    providerSettings: options.providerSettings,
    settings: options.settings,
    ...options.body,
  });
}

/** White of a mask is painted anew, with Runware as with us. */
function inputsOf(
  { inputImages, mask, strength }: GenerationRequest,
  { imagesAs }: Options,
): Readonly<Record<string, unknown>> {
  const [first] = inputImages;
  if (!first) return {};
  const images = inputImages.map(dataUri);
  if (imagesAs === 'referenceImages') return { referenceImages: images };
  if (imagesAs === 'inputs.referenceImages') return { inputs: { referenceImages: images } };
  if (inputImages.length > 1)
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      field: 'inputImages',
      message: `inputImages: there are ${inputImages.length}; Runware takes one picture to start from.`,
      hint: 'Set `options.imagesAs` in the catalogue file of a model that takes reference images.',
    });
  return { seedImage: images[0], maskImage: mask && dataUri(mask), strength };
}

const dataUri = ({ bytes, mediaType }: InputImage): string =>
  `data:${mediaType};base64,${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')}`;

const withoutAbsent = ({ taskType, ...fields }: TaskBody): TaskBody => ({
  taskType,
  ...Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
});
