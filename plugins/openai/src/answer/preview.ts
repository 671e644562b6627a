import type { Preview } from '@easel/plugin-sdk';
import { convertImage } from '@easel/plugin-sdk/images';
import { z } from 'zod';

const partialSchema = z.object({ type: z.string().endsWith('.partial_image'), b64_json: z.string() });

/** The unfinished image of an event. Undefined: it has none that can be read, which harms nothing. */
export async function previewOf(event: unknown, index: number): Promise<Preview | undefined> {
  const { data } = partialSchema.safeParse(event);
  if (!data) return undefined;
  try {
    const image = await convertImage(new Uint8Array(Buffer.from(data.b64_json, 'base64')), 'jpeg');
    return { ...image, index };
  } catch {
    return undefined;
  }
}
