import type { GenerationRequest, Image } from '@easel/plugin-sdk';
import type OpenAI from 'openai';
import type { ParasailClient } from './client.js';
import type { PictureBody } from './picture-body.js';
import { readPicture } from './read-picture.js';

/**
 * Makes one picture by a call that is answered at once. There is no way to ask what has become of a request without an answer: only what
 * cannot have been paid has a code that the kernel tries again by itself.
 *
 * @param endpoint path of the API, `/v1/...`
 */
export async function makeDirectly(
  client: ParasailClient,
  endpoint: string,
  { body, seed }: PictureBody,
  { inputImages, outputFormat }: GenerationRequest,
  signal: AbortSignal,
): Promise<Image> {
  const { image: _, ...fields } = body;
  const answer =
    inputImages.length === 0
      ? await client.generate(endpoint.replace(/^\/v1/, ''), fields, signal)
      : await client.edit(
          { ...fields, image: inputImages.map(asFile) } as unknown as OpenAI.ImageEditParamsNonStreaming,
          signal,
        );
  const picture = await readPicture(answer, outputFormat, signal);
  return seed === undefined ? picture : { ...picture, seed };
}

function asFile({ bytes, mediaType }: GenerationRequest['inputImages'][number], index: number): File {
  const ending = mediaType.replace('image/', '');
  return new File([new Uint8Array(bytes)], `input-${index + 1}.${ending}`, { type: mediaType });
}
