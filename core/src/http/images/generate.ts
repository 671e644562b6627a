import { controlSchema, type ImageRequest, imageRequestSchema, outputFormats } from '@easel/plugin-sdk';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import type { ImageResult } from '../../results/image-result.js';
import { warningsInCallersWords } from '../field-names.js';
import { readReference } from '../image-reference.js';
import { type GivenImage, readInputImages } from '../input-image.js';
import { makeResult } from '../make-result.js';
import { addOperation, type Operation } from '../operation.js';
import { parseBody, parseSize } from '../parse-body.js';
import { deliveryOptionsOf, extraFields, fromExtraFields, withoutAbsent } from '../request-fields.js';
import { resultUrl, type ServerContext } from '../server-context.js';
import { textFor } from '../server-paths.js';
import { imageFieldNames } from './field-names.js';

const field = imageRequestSchema.shape;
const formatNames = [...outputFormats, 'jpg'] as const;

const reference = z.string().min(1);

export const imagesRequestSchema = z.strictObject({
  prompt: field.prompt,
  model: field.model.nullish(),
  style: z.string().min(1).max(200).nullish().describe('Added to the prompt as ", <style> style".'),
  size: z.string().nullish().describe('WIDTHxHEIGHT in pixels.'),
  image_type: z.enum(formatNames).nullish().describe('File format. Absent: png.'),
  n: field.n.unwrap().nullish(),
  input_images: z
    .array(reference)
    .max(16)
    .nullish()
    .describe('Images to start from: each base64, a data URL or an address. Absent: none.'),
  mask: reference
    .nullish()
    .describe('Where to paint, white: base64, a data URL or an address. Absent: everywhere.'),
  control: z
    .array(controlSchema.extend({ image: reference.describe('base64, a data URL or an address.') }))
    .max(8)
    .nullish()
    .describe('Images to follow by ControlNets. Absent: none.'),
  ...extraFields,
});
export type ImagesRequest = z.output<typeof imagesRequestSchema>;

/** What the kernel is asked for, without the images that it names. */
export function fromImagesRequest(body: ImagesRequest): ImageRequest {
  const { prompt, style, size, image_type, n, model, mask } = body;
  return {
    ...(mask ? { keepUnmasked: true } : {}),
    ...fromExtraFields(body),
    ...withoutAbsent({ model, n, outputFormat: image_type === 'jpg' ? 'jpeg' : image_type }),
    ...parseSize(size ?? undefined),
    prompt: style ? `${prompt}, ${style} style` : prompt,
  };
}

/**
 * What the kernel is asked for, with the images that it names. What a mask keeps is pasted back unless the
 * caller says otherwise.
 *
 * @throws HttpError 400 for images that cannot be read or fetched
 */
export async function readImagesRequest(
  context: ServerContext,
  body: ImagesRequest,
  reply: FastifyReply,
): Promise<ImageRequest> {
  const { input_images, mask, control } = body;
  const asked = fromImagesRequest(body);
  const named: [text: string, param: string][] = [
    ...(input_images ?? []).map((text, index): [string, string] => [text, `input_images.${index}`]),
    ...(control ?? []).map(({ image }, index): [string, string] => [image, `control.${index}.image`]),
    ...(mask ? [[mask, 'mask'] as [string, string]] : []),
  ];
  if (named.length === 0) return asked;
  const given: GivenImage[] = [];
  for (const [text, param] of named) given.push(await readReference(text, param, context, reply));
  const read = await readInputImages(given);
  const inputImages = read.splice(0, input_images?.length ?? 0);
  const followed = (control ?? []).map((each) => ({ ...each, image: read.shift()! }));
  const [painted] = read;
  return {
    ...asked,
    inputImages,
    ...(control && { control: followed }),
    ...(painted ? { mask: painted } : {}),
  };
}

const generateOperation: Operation = {
  tag: 'Pictures',
  method: 'POST',
  path: '/api/images/generate',
  scope: 'generate',
  summary: 'Makes pictures, stores them, and says where they are.',
  isCreating: true,
  body: imagesRequestSchema,
  example: { prompt: 'a red house under a yellow star' },
  answer: 'generated',
};

/** `POST /api/images/generate`: makes pictures, stores them and says where they are. */
export const generateRoute = (context: ServerContext) => async (server: FastifyInstance) => {
  addOperation(server, generateOperation, async (request, reply) => {
    const body = parseBody(imagesRequestSchema, request.body);
    const made = await makeResult(
      context,
      await readImagesRequest(context, body, reply),
      deliveryOptionsOf(body),
      {
        request,
        reply,
      },
    );
    return await storeAndDescribe(context, request.apiKey?.id ?? '', made, {
      urlOf: (name) => resultUrl(context, request, name),
      thumbnailOf: (name) => resultUrl(context, request, name, 'thumbnail'),
      pathOf: (name) => textFor(context.results.fileOf(name) ?? name, request),
    });
  });
};

/** Stores the pictures of a result and answers it in Easel's own form. */
export async function storeAndDescribe(
  { results, listing }: Pick<ServerContext, 'results' | 'listing'>,
  caller: string,
  made: ImageResult,
  {
    urlOf,
    thumbnailOf,
    pathOf,
  }: Readonly<Record<'urlOf' | 'thumbnailOf' | 'pathOf', (name: string) => string>>,
) {
  const { images, warnings, provenance, timings, cost } = made;
  const files = [];
  const stored = [];
  for (const image of images) {
    const { seed } = image;
    const put = await results.put(image, { seed, provenance });
    const { name } = put;
    stored.push(seed === undefined ? put : { ...put, seed });
    const { bytes: _, mediaType: media_type, ...about } = image;
    const thumbnail_url = thumbnailOf(name);
    files.push({ image_url: urlOf(name), thumbnail_url, image_path: pathOf(name), media_type, ...about });
  }
  await listing.add(caller, { ...made, images: stored }, Date.now());
  const [first] = files;
  return {
    success: true as const,
    image_url: first?.image_url,
    image_path: first?.image_path,
    images: files,
    service: provenance.plugin.id,
    model: provenance.model,
    generation_time: Math.round(timings.total ?? 0) / 1_000,
    warnings: warningsInCallersWords(warnings, imageFieldNames),
    provenance,
    timings,
    ...(cost ? { cost } : {}),
  };
}
