import { controlSchema, type ImageRequest, type InputImage, type Warning } from '@easel/plugin-sdk';
import { z } from 'zod';
import { HttpError } from '../errors.js';
import { fromBase64, readInputImages } from '../input-image.js';
import { withoutAbsent } from '../request-fields.js';
import { flag, number } from './loose-values.js';

const field = controlSchema.shape;
const image = z.union([z.string(), z.looseObject({ image: z.string() }).transform((given) => given.image)]);
/** What counts more, by the number that the extension has for it. */
const modes = ['balanced', 'prompt', 'image'] as const;
const modeNames: Readonly<Record<string, (typeof modes)[number]>> = {
  Balanced: 'balanced',
  'My prompt is more important': 'prompt',
  'ControlNet is more important': 'image',
};

/** A unit of the extension sd-webui-controlnet (`external_code.py`), as far as it has a meaning here. */
const unitSchema = z.looseObject({
  enabled: flag,
  image: image.nullish(),
  input_image: image.nullish(),
  model: z.string().nullish(),
  module: z.string().nullish(),
  weight: number(field.strength.unwrap()),
  guidance_start: number(field.start.unwrap()),
  guidance_end: number(field.end.unwrap()),
  control_mode: z.union([z.int().min(0).max(2), z.enum(Object.keys(modeNames) as [string])]).nullish(),
});
const scriptSchema = z.looseObject({ args: z.array(z.unknown()).max(8) });

/** Whether a script of `alwayson_scripts` is the extension; its clients spell it in two ways. */
export const isControlNet = (script: string): boolean => script.toLowerCase() === 'controlnet';

/**
 * The images to follow of a request: the units of the extension that are switched on and have a model. One
 * without an image follows the first that the request starts from.
 *
 * @throws HttpError 400 for images that cannot be read, and for a preprocessor: Easel has none
 */
export async function readControlNet(
  scripts: unknown,
  initImages: readonly string[],
): Promise<{ readonly request: Partial<ImageRequest>; readonly warnings: readonly Warning[] }> {
  const [name, script] = Object.entries(scripts ?? {}).find(([each]) => isControlNet(each)) ?? [];
  if (name === undefined) return { request: {}, warnings: [] };
  const at = `alwayson_scripts.${name}`;
  const { args } = parse(scriptSchema, script, at);
  const warnings: Warning[] = [];
  const control: NonNullable<ImageRequest['control']> = [];
  for (const [index, given] of args.entries()) {
    const where = `${at}.args.${index}`;
    // Older clients send the values of a unit one after the other.
    const { enabled = true, ...unit } = parse(unitSchema, given, where);
    if (enabled === false) continue;
    const model = unit.model?.replace(/\s+\[[0-9a-f]*\]$/, '');
    if (model === undefined || model === '' || model === 'None') {
      warnings.push(dropped(where, 'it has no model'));
      continue;
    }
    if (unit.module && unit.module.toLowerCase() !== 'none') throw noPreprocessor(where, unit.module);
    const text = unit.image ?? unit.input_image ?? initImages[0];
    if (text === undefined)
      throw new HttpError(400, 'image_required', `${where}: has no image.`, { param: where });
    control.push({
      ...{ image: await readImage(text, `${where}.image`), model },
      ...withoutAbsent({
        strength: unit.weight,
        start: unit.guidance_start,
        end: unit.guidance_end,
        emphasis: emphasisOf(unit.control_mode),
      }),
    });
  }
  return { request: control.length > 0 ? { control } : {}, warnings };
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown, where: string): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const param = [where, ...(issue?.path ?? [])].join('.');
  throw new HttpError(400, 'invalid_request', `${param}: ${issue?.message ?? 'is not valid'}`, { param });
}

async function readImage(text: string, param: string): Promise<InputImage> {
  const [read] = await readInputImages([fromBase64(text, param)]);
  return read!;
}

const emphasisOf = (mode: number | string | null | undefined) =>
  typeof mode === 'number' ? modes[mode] : modeNames[mode ?? ''];

function noPreprocessor(where: string, module: string): HttpError {
  const param = `${where}.module`;
  return new HttpError(
    400,
    'unsupported',
    `${param}: "${module.slice(0, 100)}" is a preprocessor, which Easel has none of: send an image of edges, depths or whatever the ControlNet follows, with the module "none".`,
    { param },
  );
}

const dropped = (parameter: string, why: string): Warning => ({
  code: 'parameter-dropped',
  parameter,
  message: `${parameter} had no effect: ${why}.`,
});
