import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { controlSchema, type ImageRequest } from '@easel/plugin-sdk';
import { HttpError } from '../../http/errors.js';
import { type GivenImage, readInputImages } from '../../http/input-image.js';
import { UsageError } from '../terminal/usage-error.js';
import type { GenerateFlags } from './flags.js';

/** Bytes of a file that is read as an image. */
const fileLimit = 128 * 1024 * 1024;

/**
 * The images to follow that the flags name. Of ControlNets and strengths the last one is that of all further
 * images, too.
 *
 * @throws UsageError naming the flag and the file, for one that is no image, or is too large
 */
export async function readControls({
  control = [],
  controlModel: models = [],
  controlStrength: strengths = [],
}: Pick<GenerateFlags, 'control' | 'controlModel' | 'controlStrength'>): Promise<Partial<ImageRequest>> {
  for (const [flag, values] of Object.entries({ '--control-model': models, '--control-strength': strengths }))
    if (values.length > control.length)
      throw new UsageError(`${flag}: there are ${values.length}, and ${control.length} of --control`);
  if (control.length === 0) return {};
  const given: GivenImage[] = [];
  for (const path of control) given.push(await readGiven('--control', path));
  const images = await inFlagsWords(readInputImages(given));
  const of = <Value>(values: readonly Value[], index: number): Value | undefined =>
    values[index] ?? values.at(-1);
  return {
    control: await Promise.all(
      images.map(async (image, index) => {
        const [model, strength] = [of(models, index), of(strengths, index)];
        return {
          image,
          ...(model !== undefined && { model: await pathOrName(model) }),
          ...(strength !== undefined && { strength: parseStrength(strength) }),
        };
      }),
    ),
  };
}

/** A file or folder that is there by its path, all else as a name. */
const pathOrName = async (name: string): Promise<string> =>
  (await stat(name).catch(() => undefined)) ? resolve(name) : name;

function parseStrength(text: string): number {
  const parsed = controlSchema.shape.strength.safeParse(text.trim() === '' ? Number.NaN : Number(text));
  if (parsed.success) return parsed.data;
  throw new UsageError(`--control-strength: "${text.slice(0, 40)}" is no number from 0 to 2`);
}

/**
 * The images that the flags name, as requests to a server have them: read, and what a mask keeps is pasted
 * back.
 *
 * @throws UsageError naming the flag and the file, for one that is no image, or is too large
 */
export async function readImages({
  image = [],
  mask,
}: Pick<GenerateFlags, 'image' | 'mask'>): Promise<Partial<ImageRequest>> {
  if (mask !== undefined && image.length === 0)
    throw new UsageError('--mask: says what to paint anew of an image, and there is no --image');
  const given: GivenImage[] = [];
  for (const path of image) given.push(await readGiven('--image', path));
  if (mask !== undefined) given.push(await readGiven('--mask', mask));
  if (given.length === 0) return {};
  const read = await inFlagsWords(readInputImages(given));
  const painted = read[image.length];
  return { inputImages: read.slice(0, image.length), ...(painted && { mask: painted, keepUnmasked: true }) };
}

const inFlagsWords = <Value>(reading: Promise<Value>): Promise<Value> =>
  reading.catch((error: unknown) => {
    throw error instanceof HttpError ? new UsageError(error.message, 'Name image files.') : error;
  });

async function readGiven(flag: string, path: string): Promise<GivenImage> {
  try {
    const { size } = await stat(path);
    if (size > fileLimit) throw new Error(`it has more than ${fileLimit} bytes`);
    return { param: `${flag} ${path}`, bytes: new Uint8Array(await readFile(path)) };
  } catch (cause) {
    const what = (cause as NodeJS.ErrnoException).code ?? (cause as Error).message;
    throw new UsageError(`${flag}: ${path} cannot be read (${what})`, 'Name image files.');
  }
}
