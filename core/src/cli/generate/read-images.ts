import { readFile, stat } from 'node:fs/promises';
import type { ImageRequest } from '@easel/plugin-sdk';
import { HttpError } from '../../http/errors.js';
import { type GivenImage, readInputImages } from '../../http/input-image.js';
import { UsageError } from '../terminal/usage-error.js';
import type { GenerateFlags } from './flags.js';

/** Bytes of a file that is read as an image. */
const fileLimit = 128 * 1024 * 1024;

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
  const read = await readInputImages(given).catch((error: unknown) => {
    throw error instanceof HttpError ? new UsageError(error.message, 'Name image files.') : error;
  });
  const painted = read[image.length];
  return { inputImages: read.slice(0, image.length), ...(painted && { mask: painted, keepUnmasked: true }) };
}

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
