/**
 * The fields of tasks, by Runware's names: runware.ai/docs/models has a page for each model, and what all
 * pages have in common is in the types of Runware's own client, github.com/Runware/runware-typescript.
 *
 * @module
 */
import { EaselError, type GenerationRequest, type InputImage } from '@easel/plugin-sdk';
import { withoutAbsent } from '@easel/plugin-sdk/provider';
import type { Options } from '../options.js';
import { schedulerOf } from './schedulers.js';

/** A task of Runware's without its UUID. */
export type TaskBody = Readonly<Record<string, unknown>> & { readonly taskType: string };

const formats: Readonly<Record<GenerationRequest['outputFormat'], string>> = {
  png: 'PNG',
  jpeg: 'JPG',
  webp: 'WEBP',
};

/**
 * A task that makes images of a prompt.
 *
 * @throws ERR_REQUEST_INVALID for what Runware has no parameter for
 */
export function inferenceBody(request: GenerationRequest, options: Options): TaskBody {
  const { prompt, negativePrompt, width, height, steps, guidanceScale } = request;
  const scheduler =
    options.scheduler ?? (request.sampler === undefined ? undefined : schedulerOf(request.sampler));
  return bodyOf('imageInference', {
    model: idOf(request),
    positivePrompt: prompt,
    // Runware refuses one that is too short, as an empty one is.
    negativePrompt: negativePrompt?.trim() === '' ? undefined : negativePrompt,
    width,
    height,
    steps,
    CFGScale: guidanceScale,
    scheduler,
    ...inputsOf(request, options),
    ...outputOf(request, options),
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
    ...options.body,
  });
}

/**
 * A task that makes an image of an input image.
 *
 * @throws ERR_REQUEST_INVALID where there is none
 */
export function operationBody(
  request: GenerationRequest,
  options: Options,
  task: NonNullable<Options['task']>,
): TaskBody {
  const [image, ...others] = request.inputImages;
  if (!image || others.length > 0)
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      field: 'inputImages',
      message: `inputImages: there are ${request.inputImages.length}; the task ${task} takes one picture.`,
    });
  return bodyOf(task, {
    model: idOf(request),
    inputs: { image: dataUri(image) },
    upscaleFactor: task === 'upscale' ? options.upscaleFactor : undefined,
    ...outputOf(request, options),
    ...options.body,
  });
}

function idOf({ model }: GenerationRequest): string {
  if (model.source.type === 'provider') return model.source.id;
  throw new EaselError({
    code: 'ERR_CATALOGUE_INVALID',
    message: `The source of "${model.id}" must be a provider's id, like { "type": "provider", "id": "runware:101@1" }.`,
  });
}

/** What all tasks have that make an image. */
const outputOf = ({ outputFormat }: GenerationRequest, options: Options) => ({
  outputType: options.outputType,
  outputFormat: formats[outputFormat],
  outputQuality: options.outputQuality,
  ttl: options.outputType === 'URL' ? options.ttl : undefined,
  deliveryMethod: options.delivery,
  includeCost: options.includeCost || undefined,
  safety: options.checkContent ? { checkContent: true } : undefined,
  providerSettings: options.providerSettings,
  settings: options.settings,
});

/** White of a mask is painted anew, with Runware as with us. */
function inputsOf(
  { inputImages, mask, strength }: GenerationRequest,
  { imagesAs }: Options,
): Readonly<Record<string, unknown>> {
  const [first] = inputImages;
  if (!first) return {};
  const images = inputImages.map(dataUri);
  if (imagesAs === 'referenceImages') return { inputs: { referenceImages: images } };
  if (inputImages.length > 1)
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      field: 'inputImages',
      message: `inputImages: there are ${inputImages.length}; Runware takes one picture to start from.`,
      hint: 'Set `options.imagesAs` in the catalogue file of a model that takes reference images.',
    });
  return { inputs: { seedImage: images[0], ...(mask ? { maskImage: dataUri(mask) } : {}) }, strength };
}

const dataUri = ({ bytes, mediaType }: InputImage): string =>
  `data:${mediaType};base64,${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')}`;

const bodyOf = (taskType: string, fields: object): TaskBody => ({ taskType, ...withoutAbsent(fields) });
