import { createHash } from 'node:crypto';
import type { InputImage } from '@easel/plugin-sdk';
import { formOf, type Service, unusable } from '@easel/plugin-sdk/provider';
import { z } from 'zod';

const answerSchema = z.object({ name: z.string().min(1), subfolder: z.string().default('') });
const folder = 'easel';

/**
 * Puts an image into the server's input folder, under a name of its content; answers what a node calls it.
 */
export async function upload(service: Service, image: InputImage, signal: AbortSignal): Promise<string> {
  const { bytes, mediaType } = image;
  const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
  const form = formOf({ type: 'input', subfolder: folder, overwrite: 'true' });
  const file = new Blob([new Uint8Array(bytes)], { type: mediaType });
  form.append('image', file, `${digest}.${mediaType.slice('image/'.length)}`);
  const { json } = await service.ask({ url: 'upload/image', body: form, signal });
  const { success, data } = answerSchema.safeParse(json);
  if (!success) throw unusable(service.name, 'it does not say how it calls a file', false);
  return data.subfolder === '' ? data.name : `${data.subfolder}/${data.name}`;
}
