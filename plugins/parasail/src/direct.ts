import { EaselError, type GenerationRequest, type Image } from '@easel/plugin-sdk';
import type OpenAI from 'openai';
import { APIError } from 'openai';
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
  const answering =
    inputImages.length === 0
      ? client.generate(endpoint.replace(/^\/v1/, ''), fields, signal)
      : client.edit(
          { ...fields, image: inputImages.map(asFile) } as unknown as OpenAI.ImageEditParamsNonStreaming,
          signal,
        );
  const answer = await answering.catch((error: unknown) => {
    throw withRisk(error);
  });
  const picture = await readPicture(answer, outputFormat, signal);
  return seed === undefined ? picture : { ...picture, seed };
}

/** A failure that leaves open whether the picture was made says so. */
function withRisk(error: unknown): unknown {
  if (!EaselError.isInstance(error)) return error;
  const { code, message } = error;
  if (code !== 'ERR_PROVIDER_BAD_RESPONSE' && code !== 'ERR_DEADLINE' && !isOfGateway(error)) return error;
  return new EaselError({
    code: code === 'ERR_DEADLINE' ? code : 'ERR_PROVIDER_BAD_RESPONSE',
    message: `${message} It may have been paid.`,
    hint: 'Send the call again if you take the risk of paying twice.',
    cause: error,
  });
}

/** What stands before the API answers 5xx without an error of the API, and may have passed the request on. */
const isOfGateway = ({ cause }: EaselError): boolean =>
  cause instanceof APIError && (cause.status ?? 0) >= 500 && cause.error === undefined;

function asFile({ bytes, mediaType }: GenerationRequest['inputImages'][number], index: number): File {
  const ending = mediaType.replace('image/', '');
  return new File([new Uint8Array(bytes)], `input-${index + 1}.${ending}`, { type: mediaType });
}
