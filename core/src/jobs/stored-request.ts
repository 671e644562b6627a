import { isDeepStrictEqual } from 'node:util';
import { type ImageRequest, type InputImage, inputImageSchema } from '@easel/plugin-sdk';
import { z } from 'zod';
import type { ResultStore } from '../results/result-store.js';
import { type Grid, gridSchema } from './grid.js';

const storedInputSchema = z.object({ name: z.string(), mediaType: inputImageSchema.shape.mediaType });
type StoredInput = z.output<typeof storedInputSchema>;

/** A request as it lies in the database: its images are files beside it, and the kernel looks at all else. */
const storedRequestSchema = z.looseObject({
  prompt: z.string(),
  inputImages: z.array(storedInputSchema).optional(),
  mask: storedInputSchema.optional(),
  control: z.array(z.looseObject({ image: storedInputSchema })).optional(),
  grid: gridSchema.optional(),
});

/** A request as text, with the grid that it is to be made in; its images are written first. */
export async function freezeRequest(
  request: ImageRequest,
  inputs: ResultStore,
  grid?: Grid,
): Promise<string> {
  const { inputImages, mask, control, ...others } = request;
  const put = async ({ bytes, mediaType }: InputImage): Promise<StoredInput> => ({
    name: await inputs.putBytes(bytes, mediaType),
    mediaType,
  });
  const stored = {
    ...others,
    ...(inputImages ? { inputImages: await Promise.all(inputImages.map(put)) } : {}),
    ...(mask ? { mask: await put(mask) } : {}),
    ...(control
      ? {
          control: await Promise.all(
            control.map(async (each) => ({ ...each, image: await put(each.image) })),
          ),
        }
      : {}),
    ...(grid ? { grid } : {}),
  };
  return JSON.stringify(stored);
}

/** What was frozen. Throws where one of its images is gone. */
export async function thawRequest(
  text: string,
  inputs: ResultStore,
): Promise<{ request: ImageRequest; grid: Grid | undefined }> {
  const { inputImages, mask, control, grid, ...others } = storedRequestSchema.parse(JSON.parse(text));
  const read = async ({ name, mediaType }: StoredInput): Promise<InputImage> => {
    const bytes = await inputs.read(name);
    if (!bytes) throw new Error(`the input image ${name} is gone`);
    return { bytes: new Uint8Array(bytes), mediaType };
  };
  const request = {
    ...others,
    ...(inputImages ? { inputImages: await Promise.all(inputImages.map(read)) } : {}),
    ...(mask ? { mask: await read(mask) } : {}),
    ...(control
      ? {
          control: await Promise.all(
            control.map(async (each) => ({ ...each, image: await read(each.image) })),
          ),
        }
      : {}),
  };
  return { request, grid };
}

/**
 * Whether two requests ask for the same images; how many looks at unfinished ones come with them makes no
 * difference.
 */
export function isSameRequest(one: string, other: string): boolean {
  const [first, second] = [one, other].map((text) => {
    const { previews: _, ...asked } = storedRequestSchema.parse(JSON.parse(text));
    return asked;
  });
  return isDeepStrictEqual(first, second);
}
