import type { ImageRequest, InputImage, Warning } from '@easel/plugin-sdk';
import type { AvailableModel } from '../../models/available-models.js';
import { fromHires } from '../automatic1111/hires.js';
import { foldSeed } from '../automatic1111/request.js';
import { fromBase64, readInputImages } from '../input-image.js';
import { joinSampler } from '../join-sampler.js';
import { withoutAbsent } from '../request-fields.js';
import { SharedOptions } from '../shared-options.js';
import { findInertFields } from './inert-fields.js';
import type { SdcppRequest } from './request.js';

/** What stable-diffusion.cpp takes where a field is absent. */
const defaults = { strength: 0.75, compression: 100, distilledGuidance: 3.5, hiresStrength: 0.7 } as const;
/** Its names of schedules that others have other names for; empty: the model's own. */
const schedules: ReadonlyMap<string, string> = new Map([
  ['default', ''],
  ['none', ''],
  ['discrete', 'normal'],
  ['ays', 'align_your_steps'],
  ['gits', 'align_your_steps_gits'],
]);

/**
 * What the kernel is asked for, and what of the request has another effect than in stable-diffusion.cpp, or
 * none.
 *
 * @param model that the request goes to, as far as it is known
 * @throws HttpError 400 for images that cannot be read
 */
export async function fromSdcppRequest(
  body: SdcppRequest,
  model: AvailableModel | undefined,
): Promise<{ asked: ImageRequest; warnings: Warning[] }> {
  const told = new Told();
  const { inputImages, mask } = await readImages(body, told);
  const shared = new SharedOptions(model);
  const clipSkip = (body.clip_skip ?? 1) - 1;
  if (clipSkip > 0) shared.set('clipSkip', clipSkip, 'clip_skip');
  const hires = inputImages.length > 0 ? tellOfHires(body, told) : readHires(body, model, shared);
  for (const name of findInertFields(body)) told.ignore(name);
  const { sample_params: sampling, output_format: outputFormat = 'png' } = body;
  const quality = body.output_compression ?? defaults.compression;
  const isPng = (outputFormat ?? 'png') === 'png';
  if (isPng && quality !== defaults.compression) told.ignore('output_compression', 'PNG loses nothing');
  if (!body.init_image && (body.strength ?? defaults.strength) !== defaults.strength)
    told.ignore('strength', 'there is no init_image');
  const asked = {
    prompt: (body.prompt?.trim() ? body.prompt : ' ') + lorasOf(body, model, told),
    ...withoutAbsent({
      model: body.model,
      negativePrompt: body.negative_prompt || undefined,
      n: body.batch_count,
      width: body.width || undefined,
      height: body.height || undefined,
      seed: seedOf(body, told),
      steps: sampling?.sample_steps,
      guidanceScale: guidanceOf(body, model, told),
      sampler: samplerOf(body, model, told),
      outputFormat,
      outputQuality: isPng || quality === defaults.compression ? undefined : quality,
    }),
    ...(body.init_image ? { strength: body.strength ?? defaults.strength } : {}),
    ...(inputImages.length > 0 ? { inputImages } : {}),
    ...(mask ? { mask } : {}),
    ...hires.request,
    ...shared.request,
  };
  return { asked, warnings: [...told.warnings, ...hires.warnings, ...shared.warnings.map(inOurWords)] };
}

/** What is to be told of fields. */
class Told {
  readonly warnings: Warning[] = [];

  adapt(parameter: string, what: string): void {
    this.warnings.push({ code: 'parameter-adapted', parameter, message: `${parameter} ${what}.` });
  }

  ignore(parameter: string, why = ''): void {
    const message = `${parameter} had no effect${why && `: ${why}`}.`;
    this.warnings.push({ code: 'parameter-dropped', parameter, message });
  }
}

async function readImages({ init_image, ref_images, mask_image }: SdcppRequest, told: Told) {
  const started = [
    ...(init_image ? [fromBase64(init_image, 'init_image')] : []),
    ...(ref_images ?? []).map((image, index) => fromBase64(image, `ref_images.${index}`)),
  ];
  if (mask_image && started.length === 0) {
    told.ignore('mask_image', 'there is no init_image');
    return { inputImages: [], mask: undefined };
  }
  const given = mask_image ? [...started, fromBase64(mask_image, 'mask_image')] : started;
  const read: InputImage[] = await readInputImages(given);
  return { inputImages: read.slice(0, started.length), mask: read[started.length] };
}

function lorasOf({ lora }: SdcppRequest, model: AvailableModel | undefined, told: Told): string {
  const areTaken = model?.choices.promptTags.some(({ tag }) => tag === 'lora') ?? false;
  return (lora ?? [])
    .map(({ path, multiplier, is_high_noise }, index) => {
      if (!areTaken) told.ignore(`lora.${index}.path`, 'the model takes no LoRAs');
      if (is_high_noise) told.ignore(`lora.${index}.is_high_noise`);
      return areTaken ? `<lora:${path}:${multiplier ?? 1}>` : '';
    })
    .join('');
}

/** Below 0 it is a drawn one. */
function seedOf({ seed: given }: SdcppRequest, told: Told): number | undefined {
  const seed = typeof given === 'number' && given >= 0 ? foldSeed(given) : undefined;
  if (seed !== undefined && seed !== given)
    told.adapt('seed', `${given} was replaced by ${seed}, its lowest 32 bits: seeds are 32 bits wide`);
  return seed;
}

/** Consistency models and LoRAs, by their names as people write them; they need no guidance. */
const consistency = /(?<![a-z])(lcm|tcd)(?![a-z])/i;

/**
 * stable-diffusion.cpp has two guidances, and a model here has one: that which it was trained with, where the
 * other is off, unless the model, a LoRA or the sampler is one that needs none.
 */
function guidanceOf(
  { prompt, lora, sample_params }: SdcppRequest,
  model: AvailableModel | undefined,
  told: Told,
): number | undefined {
  const { txt_cfg, distilled_guidance: distilled } = sample_params?.guidance ?? {};
  const loras = [...(lora ?? []).map(({ path }) => path), ...(prompt?.match(/<lora:[^<>]*>/gi) ?? [])];
  const needsNone =
    (model?.defaults.guidanceScale ?? Number.POSITIVE_INFINITY) <= 1 ||
    [sample_params?.sample_method ?? '', ...loras].some((name) => consistency.test(name));
  if ((txt_cfg ?? 1) === 1 && typeof distilled === 'number' && !needsNone) {
    if (txt_cfg === 1 && distilled !== 1)
      told.adapt('sample_params.guidance.txt_cfg', `was replaced by distilled_guidance ${distilled}`);
    return distilled;
  }
  if ((distilled ?? defaults.distilledGuidance) !== defaults.distilledGuidance)
    told.ignore('sample_params.guidance.distilled_guidance', 'the guidance is txt_cfg');
  return txt_cfg ?? undefined;
}

function samplerOf(
  { sample_params }: SdcppRequest,
  model: AvailableModel | undefined,
  told: Told,
): string | undefined {
  const { sample_method, scheduler } = sample_params ?? {};
  const isGiven = (name: string | null | undefined) => !!name && !/^(default|none)$/i.test(name);
  const schedule = isGiven(scheduler)
    ? (schedules.get(String(scheduler).toLowerCase()) ?? scheduler)
    : undefined;
  const sampler = isGiven(sample_method) ? sample_method : undefined;
  if (model && !model.supports.sampler) {
    if (sampler) told.ignore('sample_params.sample_method', `"${model.id}" does not take it`);
    if (schedule) told.ignore('sample_params.scheduler', `"${model.id}" does not take it`);
    return undefined;
  }
  if (!schedule) return sampler ?? undefined;
  const { name, leftOut } = joinSampler({ sampler: sampler ?? undefined, schedule }, model?.defaults.sampler);
  if (leftOut) told.ignore('sample_params.scheduler', leftOut);
  return name;
}

/** Fields of `hires` by the names that Automatic1111 has for the same. */
const hiresNames: Readonly<Record<string, string>> = {
  enable_hr: 'hires.enabled',
  hr_scale: 'hires.scale',
  hr_resize_x: 'hires.target_width',
  hr_resize_y: 'hires.target_height',
  hr_second_pass_steps: 'hires.steps',
  hr_upscaler: 'hires.upscaler',
  denoising_strength: 'hires.denoising_strength',
};

function tellOfHires({ hires }: SdcppRequest, told: Told) {
  if (hires?.enabled) told.ignore('hires.enabled', 'there is an image to start from');
  return { request: {}, warnings: [] };
}

function readHires(body: SdcppRequest, model: AvailableModel | undefined, shared: SharedOptions) {
  const { hires } = body;
  const { request, warnings } = fromHires(
    {
      enable_hr: hires?.enabled,
      hr_scale: hires?.scale,
      hr_resize_x: hires?.target_width,
      hr_resize_y: hires?.target_height,
      hr_second_pass_steps: hires?.steps,
      hr_upscaler: hires?.upscaler,
      denoising_strength:
        hires?.denoising_strength ?? (shared.has('hiresFix') ? defaults.hiresStrength : undefined),
      width: body.width || undefined,
      height: body.height || undefined,
    },
    model,
    shared,
  );
  return { request, warnings: warnings.map(inOurWords) };
}

function inOurWords(warning: Warning): Warning {
  const { parameter = '', message } = warning;
  const name = hiresNames[parameter];
  return name === undefined
    ? warning
    : { ...warning, parameter: name, message: message.replace(parameter, name) };
}
