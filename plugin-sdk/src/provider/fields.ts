import { z } from 'zod';
import type { GenerationRequest } from '../generation.js';
import { generatedFormats } from '../image.js';
import { type ParameterName, parameterNames } from '../parameters.js';
import type { Warning } from '../result.js';
import { type AskedName, droppedWarnings } from './dropped-warnings.js';

const field = z.string().min(1).max(100);

const sizeSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('edges').describe('Two fields, `width` and `height`.') }),
  z.strictObject({
    kind: z.literal('object').describe('One field with an object of `width` and `height`.'),
    field,
  }),
  z.strictObject({
    kind: z.literal('ratio').describe('One field with a shape such as `16:9`; the nearest is asked for.'),
    field,
    ratios: z.array(z.string().regex(/^\d+:\d+$/, 'must be like 16:9')).min(1),
  }),
  z.strictObject({ kind: z.literal('none').describe('The model decides.') }),
]);

const parameterField = field.optional().describe('Absent: the model has none.');
const parameterFields = Object.fromEntries(parameterNames.map((name) => [name, parameterField])) as {
  [Name in ParameterName]: typeof parameterField;
};

/** The names that a model has for what can be asked for: part of the options of its catalogue entry. */
export const fieldTableSchema = z.strictObject({
  prompt: field.default('prompt').describe('Absent: prompt.'),
  ...parameterFields,
  count: field
    .optional()
    .describe('For the number of images. Absent: one at a time, and as many tasks as images.'),
  images: z
    .strictObject({
      field,
      form: z
        .enum(['one', 'list', 'numbered'])
        .describe('An image alone, a list, or fields that are numbered from the second on: `field_2`.'),
    })
    .optional()
    .describe('For input images. Absent: it takes none.'),
  imagesAs: z
    .enum(['data-uri', 'base64'])
    .default('data-uri')
    .describe('How input images and masks are written. Absent: as data URIs.'),
  mask: field.optional().describe('For a mask, white where it is painted anew. Absent: it takes none.'),
  outputFormat: z
    .strictObject({
      field,
      formats: z
        .partialRecord(z.enum(generatedFormats), z.string().min(1))
        .describe('How it calls the formats that it has; the first is asked for where it lacks one.'),
    })
    .optional()
    .describe('Absent: the image is converted here.'),
  size: sizeSchema
    .default({ kind: 'edges' })
    .describe('How a size is asked for. Absent: `width` and `height`.'),
});
export type FieldTable = z.output<typeof fieldTableSchema>;

export interface RequestFields {
  /** Of each request, without seed and number of images. */
  readonly fields: Readonly<{ [name: string]: unknown }>;
  /** What was asked for and has no field. */
  readonly warnings: readonly Warning[];
}

/** What a request is in the words of a model. What it has no field for is left out, with a warning. */
export function requestFields(table: FieldTable, request: GenerationRequest): RequestFields {
  const fields: { [name: string]: unknown } = { [table.prompt]: request.prompt };
  for (const name of parameterNames.filter((name) => name !== 'seed')) {
    const field = table[name];
    if (field !== undefined && request[name] !== undefined) fields[field] = request[name];
  }
  if (table.outputFormat) {
    const { field, formats } = table.outputFormat;
    fields[field] = formats[request.outputFormat] ?? Object.values(formats)[0];
  }
  const write = table.imagesAs === 'base64' ? base64 : dataUri;
  const uris = request.inputImages.map(write);
  if (uris.length > 0 && table.images) Object.assign(fields, imageFields(table.images, uris));
  if (request.mask && table.mask !== undefined) fields[table.mask] = write(request.mask);
  const takes = (name: AskedName) => table[name === 'inputImages' ? 'images' : name] !== undefined;
  const warnings = droppedWarnings(request, takes, 'the model has no such field');
  return { fields: { ...fields, ...sizeFields(table.size, request) }, warnings };
}

function imageFields({ field, form }: NonNullable<FieldTable['images']>, uris: readonly string[]) {
  if (form === 'list') return { [field]: uris };
  if (form === 'one') return { [field]: uris[0] };
  return Object.fromEntries(uris.map((uri, index) => [index === 0 ? field : `${field}_${index + 1}`, uri]));
}

function sizeFields(size: FieldTable['size'], { width, height }: GenerationRequest) {
  if (size.kind === 'edges') return { width, height };
  if (size.kind === 'object') return { [size.field]: { width, height } };
  return size.kind === 'ratio' ? { [size.field]: nearestRatio(size.ratios, width / height) } : {};
}

/** The shape nearest to one; twice as wide and half as wide are equally far away. */
export function nearestRatio(ratios: readonly string[], wanted: number): string {
  const distance = (ratio: string) => {
    const [width = 1, height = 1] = ratio.split(':').map(Number);
    return Math.abs(Math.log(width / height / wanted));
  };
  return ratios.reduce((best, ratio) => (distance(ratio) < distance(best) ? ratio : best));
}

/** The bytes of a data URI, or of base64 alone. */
export const bytesOfText = (text: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Buffer.from(text.replace(/^data:[^,]*,/, ''), 'base64'));

/** An image as the text that many APIs take in place of a file. */
export const dataUri = ({ bytes, mediaType }: GenerationRequest['inputImages'][number]): string =>
  `data:${mediaType};base64,${base64({ bytes })}`;

const base64 = ({ bytes }: Pick<GenerationRequest['inputImages'][number], 'bytes'>): string =>
  Buffer.from(bytes).toString('base64');

/** A form of fields and files, for APIs that take `multipart/form-data`. What is undefined is left out. */
export function formOf(
  fields: Readonly<{ [name: string]: string | number | boolean | undefined }>,
  files: Readonly<{ [name: string]: GenerationRequest['inputImages'][number] | undefined }> = {},
): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields))
    if (value !== undefined) form.append(name, String(value));
  for (const [name, file] of Object.entries(files)) {
    if (!file) continue;
    const { bytes, mediaType } = file;
    form.append(
      name,
      new Blob([new Uint8Array(bytes)], { type: mediaType }),
      `${name}.${mediaType.slice(6)}`,
    );
  }
  return form;
}
