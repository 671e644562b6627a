import { EaselError, type GenerationRequest } from '@easel/plugin-sdk';
import type { EditForm, Server } from '../servers/index.js';
import type { Fields } from './fields.js';
import { transparentMask } from './mask.js';

type InputImage = GenerationRequest['inputImages'][number];

/** Where a request goes, and with what. */
export interface WrittenBody {
  /** Below the base URL. */
  readonly path: string;
  /** Adds the fields that differ from request to request. */
  readonly bodyWith: (more: Fields) => string | FormData;
}

/**
 * Prepares the body of a request: JSON for a prompt alone; a form or JSON for an edit, as the server has it.
 *
 * @throws EaselError ERR_REQUEST_INVALID for images or a mask that the server does not take
 */
export async function writeBody(
  server: Pick<Server, 'name' | 'generatePath' | 'edit'>,
  fields: Fields,
  { inputImages, mask }: Pick<GenerationRequest, 'inputImages' | 'mask'>,
): Promise<WrittenBody> {
  if (inputImages.length === 0)
    return {
      path: server.generatePath ?? '/images/generations',
      bodyWith: (more) => JSON.stringify({ ...fields, ...more }),
    };
  const { name } = server;
  const edit = server.edit && editFor(server.edit, String(fields.model));
  if (!edit) throw refuse('inputImages', `${name} edits no images`);
  if (mask && !edit.mask) throw refuse('mask', `${name} takes no masks`);
  const sentMask = mask && edit.mask === 'transparent' ? await transparentMask(mask) : mask;
  if (edit.encoding === 'form')
    return {
      path: edit.path,
      bodyWith: (more) => formOf(edit, { ...fields, ...more }, inputImages, sentMask),
    };
  if (inputImages.length > 1 && !edit.imagesField) throw refuse('inputImages', `${name} takes one image`);
  const images = {
    ...jsonImages(edit, inputImages),
    ...(sentMask ? { mask: jsonImage(edit, sentMask) } : {}),
  };
  return { path: edit.path, bodyWith: (more) => JSON.stringify({ ...fields, ...images, ...more }) };
}

/** How a model of the server takes images. */
function editFor({ oneImage, ...edit }: EditForm, model: string): EditForm {
  if (!oneImage?.models.test(model)) return edit;
  const { imagesField: _, ...others } = edit;
  return { ...others, imageField: oneImage.field };
}

/** The body of a line of a batch, which is always JSON. */
export async function writeLineBody(
  server: Pick<Server, 'name' | 'generatePath' | 'batches'>,
  fields: Fields,
  images: Pick<GenerationRequest, 'inputImages' | 'mask'>,
): Promise<{ readonly path: string; readonly body: string }> {
  const edit = server.batches?.edit;
  const { path, bodyWith } = await writeBody({ ...server, ...(edit ? { edit } : {}) }, fields, images);
  return { path, body: bodyWith({}) as string };
}

function jsonImages(edit: EditForm, images: readonly InputImage[]) {
  const { imageField, imagesField } = edit;
  const written = images.map((image) => jsonImage(edit, image));
  return imagesField === undefined || (written.length === 1 && imageField !== imagesField)
    ? { [imageField]: written[0] }
    : { [imagesField]: written };
}

function jsonImage({ imageShape = 'text' }: EditForm, { bytes, mediaType }: InputImage) {
  const url = `data:${mediaType};base64,${Buffer.from(bytes).toString('base64')}`;
  if (imageShape === 'text') return url;
  return imageShape === 'url-object' ? { url, type: 'image_url' } : { image_url: url };
}

function formOf(
  { imageField }: EditForm,
  fields: Fields,
  images: readonly InputImage[],
  mask: InputImage | undefined,
): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields))
    form.append(name, typeof value === 'object' ? JSON.stringify(value) : String(value));
  for (const [index, image] of images.entries()) appendImage(form, imageField, image, `image-${index + 1}`);
  if (mask) appendImage(form, 'mask', mask, 'mask');
  return form;
}

function appendImage(form: FormData, field: string, { bytes, mediaType }: InputImage, name: string): void {
  const file = new File([new Uint8Array(bytes)], `${name}.${mediaType.replace('image/', '')}`, {
    type: mediaType,
  });
  form.append(field, file);
}

const refuse = (field: string, why: string) =>
  new EaselError({ code: 'ERR_REQUEST_INVALID', field, message: `${field}: ${why}.` });
