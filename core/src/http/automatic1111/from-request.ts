import type { ImageRequest, OutputFormat, Warning } from '@easel/plugin-sdk';
import type { AvailableModel } from '../../models/available-models.js';
import { HttpError } from '../errors.js';
import type { FieldNames } from '../field-names.js';
import { joinSampler } from '../join-sampler.js';
import { withoutAbsent } from '../request-fields.js';
import { SharedOptions } from '../shared-options.js';
import { readControlNet } from './controlnet.js';
import { automaticFieldNames } from './field-names.js';
import { fromHires } from './hires.js';
import { findInertFields, warnOfInertFields } from './inert-fields.js';
import { readInpainting } from './inpainting.js';
import { type AutomaticRequest, automaticOptionsSchema, foldSeed } from './request.js';

/** Looks at each unfinished image, for clients that ask how far it is. */
const previews = 5;

/**
 * What the kernel is asked for, and what of the request has another effect than in Automatic1111, or none. A
 * seed of -1 is a drawn one, and an empty prompt is one that says nothing.
 *
 * @param model that the request goes to, as far as it is known
 * @throws HttpError 400 for images that cannot be read
 */
export async function fromAutomaticRequest(
  given: AutomaticRequest,
  kind: 'txt2img' | 'img2img',
  model: AvailableModel | undefined,
): Promise<{ asked: ImageRequest; warnings: Warning[] }> {
  const { body, unread } = fieldsOf(given, kind);
  const seed = foldSeed(body.seed);
  const settings = body.override_settings ?? {};
  const shared = new SharedOptions(model);
  const inpainting = await readInpainting(body);
  const control = await readControlNet(given.alwayson_scripts, body.init_images ?? []);
  const hires = fromHires(body, model, shared);
  const clipSkip = (settings.CLIP_stop_at_last_layers ?? 1) - 1;
  if (clipSkip > 0) shared.set('clipSkip', clipSkip, 'override_settings.CLIP_stop_at_last_layers');
  const { sampler, warnings: samplerWarnings } = samplerOf(body, model);
  const warnings = [
    ...inpainting.warnings,
    ...control.warnings,
    ...hires.warnings,
    ...shared.warnings,
    ...seedWarnings(body.seed, seed),
    ...samplerWarnings,
    ...warnOfInertFields([...unread, ...findInertFields(body), ...otherSettings(settings)]),
  ];
  const asked = {
    prompt: body.prompt?.trim() ? body.prompt : ' ',
    n: (body.batch_size ?? 1) * (body.n_iter ?? 1),
    previews,
    ...withoutAbsent({
      model: modelOf(body),
      negativePrompt: body.negative_prompt,
      seed,
      steps: body.steps,
      guidanceScale: body.cfg_scale,
      width: body.width,
      height: body.height,
      sampler,
      outputFormat: formatOf(settings.samples_format),
    }),
    ...inpainting.request,
    ...control.request,
    ...hires.request,
    ...shared.request,
  };
  return { asked, warnings };
}

/**
 * A request without the fields that only the other route reads, and the names of those that would have
 * changed something there.
 */
function fieldsOf(given: AutomaticRequest, kind: 'txt2img' | 'img2img') {
  const others = kind === 'txt2img' ? { init_images: undefined, mask: undefined } : { enable_hr: undefined };
  const names = Object.keys(others) as (keyof typeof others)[];
  return { body: { ...given, ...others }, unread: names.filter((name) => given[name]) };
}

/** Id of the model that a request names: its clients show it with a hash behind it. */
export const modelOf = ({
  override_settings,
}: Pick<AutomaticRequest, 'override_settings'>): string | undefined =>
  withoutHash(override_settings?.sd_model_checkpoint ?? undefined);

export const withoutHash = (title: string | undefined): string | undefined =>
  title?.replace(/\s+\[[0-9a-f]*\]$/, '');

const samplerFields = ['sampler_name', 'sampler_index', 'scheduler'] as const;
const chosenOf = (body: AutomaticRequest) =>
  samplerFields.filter((name) => !/^\s*(automatic)?\s*$/i.test(body[name] ?? ''));

/** The contract's fields by the names that a request has for them: three of them can choose its sampler. */
export const namesOf = (body: AutomaticRequest): FieldNames => ({
  ...automaticFieldNames,
  ...withoutAbsent({ sampler: chosenOf(body)[0] }),
});

/**
 * A sampler and a schedule as one name. `sampler_index` is the older name of `sampler_name`; a schedule alone
 * goes with the model's own sampler.
 */
function samplerOf(
  body: AutomaticRequest,
  model: AvailableModel | undefined,
): { sampler: string | undefined; warnings: Warning[] } {
  const chosen = chosenOf(body);
  if (model && !model.supports.sampler) {
    const warnings = chosen.map((parameter): Warning => {
      const message = `${parameter} had no effect: "${model.id}" does not take it.`;
      return { code: 'parameter-dropped', parameter, message };
    });
    return { sampler: undefined, warnings };
  }
  const first = chosen.find((name) => name !== 'scheduler');
  const sampler = first && body[first];
  if (!chosen.includes('scheduler')) return { sampler: sampler ?? undefined, warnings: [] };
  const both = { sampler: sampler ?? undefined, schedule: body.scheduler ?? '' };
  const { name, leftOut } = joinSampler(both, model?.defaults.sampler);
  if (leftOut === undefined) return { sampler: name, warnings: [] };
  const message = `scheduler had no effect: ${leftOut}.`;
  return { sampler: name, warnings: [{ code: 'parameter-dropped', parameter: 'scheduler', message }] };
}

const formatOf = (
  name: 'png' | 'jpg' | 'jpeg' | 'webp' | 'avif' | null | undefined,
): OutputFormat | undefined => (name === 'jpg' ? 'jpeg' : (name ?? undefined));

function otherSettings(settings: object): string[] {
  const others = Object.keys(settings).filter((name) => !Object.hasOwn(automaticOptionsSchema.shape, name));
  return others.map((name) => `override_settings.${name}`);
}

function seedWarnings(given: AutomaticRequest['seed'], seed: number | undefined): Warning[] {
  if (seed === undefined || String(given).trim() === String(seed) || Number(given) === seed) return [];
  const message = `seed ${given} was replaced by ${seed}, its lowest 32 bits: seeds are 32 bits wide.`;
  return [{ code: 'parameter-adapted', parameter: 'seed', message }];
}

/** `img2img` without an image is a mistake of its caller, who would get an image of something else. */
export function assertInitImage({ init_images }: AutomaticRequest): void {
  if (!init_images || init_images.length === 0)
    throw new HttpError(404, 'init_image_not_found', 'Init image not found', { param: 'init_images' });
}
