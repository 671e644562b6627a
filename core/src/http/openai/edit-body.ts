import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { HttpError } from '../errors.js';
import { readReference } from '../image-reference.js';
import { type GivenImage, readInputImages } from '../input-image.js';
import { parseBody } from '../parse-body.js';
import type { ServerContext } from '../server-context.js';
import { type EditBody, readImageForm } from './form.js';

const address = z.string().min(1).describe('https, a data URL, or base64.');
const reference = z
  .union(
    [
      address,
      z.looseObject({ image_url: address }),
      z.looseObject({ image_url: z.looseObject({ url: address }) }),
    ],
    {
      error: 'must be { "image_url": "..." } with an address or a data URL; files by id are not kept here',
    },
  )
  .transform((given) => {
    if (typeof given === 'string') return given;
    return typeof given.image_url === 'string' ? given.image_url : given.image_url.url;
  });
const most = 16;

/**
 * What JSON has in place of a form's files. OpenAI calls the list `images`; some servers take the form's
 * `image` in JSON, too.
 */
export const imageReferenceFields = {
  images: z.array(reference).max(most).nullish(),
  image: z.union([z.array(reference).max(most), reference]).nullish(),
  mask: reference.nullish(),
};
const referencesSchema = z.looseObject(imageReferenceFields);

/**
 * The body of `/v1/images/edits` and `/variations`: a form with files, or JSON that names images by data URLs
 * or addresses.
 *
 * @throws HttpError 400 with the field, also where there is no image
 */
export async function readEditBody(
  context: ServerContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<EditBody> {
  if (request.isMultipart()) return await readImageForm(context, request, reply);
  const { images, image, mask, ...fields } = parseBody(referencesSchema, request.body);
  const named = [
    ...(images ?? []).map((text, index) => [text, `images.${index}`] as const),
    ...[image ?? []].flat().map((text) => [text, 'image'] as const),
  ];
  if (named.length === 0)
    throw new HttpError(
      400,
      'invalid_request',
      'images: is missing. Send [{ "image_url": "data:image/png;base64,..." }], or a form (multipart/form-data) with the image as "image".',
      { param: 'images' },
    );
  const given: GivenImage[] = [];
  for (const [text, param] of mask ? [...named, [mask, 'mask'] as const] : named)
    given.push(await readReference(text, param, context, reply));
  const read = await readInputImages(given);
  return { fields, images: read.slice(0, named.length), mask: read[named.length] };
}
