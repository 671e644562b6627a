import type { InputImage } from '@easel/plugin-sdk';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { readParts } from '../body/read-parts.js';
import { HttpError } from '../errors.js';
import { readReference } from '../image-reference.js';
import { type GivenImage, readInputImages } from '../input-image.js';
import type { ServerContext } from '../server-context.js';
import { openAiRequestSchema } from './request.js';

/** The fields of a call that makes images from others, and those images. */
export interface EditBody {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly images: readonly InputImage[];
  readonly mask: InputImage | undefined;
}

/**
 * The multipart form of `/v1/images/edits` and `/variations`: `image`, `image[]` (in any number) and `mask`
 * as files or as the text that JSON has of them, and text, of which numbers and flags are turned into what
 * they say.
 */
export async function readImageForm(
  context: ServerContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<EditBody> {
  const fields: Record<string, unknown> = {};
  const given: GivenImage[] = [];
  let givenMask: GivenImage | undefined;
  for await (const part of readParts(request)) {
    const kind = part.name.replace(/\[\d*\]$/, '');
    const isImage = kind === 'image' || kind === 'mask';
    if ('text' in part && !isImage) {
      fields[part.name] = readField(part.name, part.text);
      continue;
    }
    if (!isImage)
      throw new HttpError(400, 'invalid_request', `${part.name}: there is no such file`, {
        param: part.name,
      });
    // What JavaScript makes of a value that is not there.
    if ('text' in part && /^(null|undefined)?$/.test(part.text)) continue;
    const image =
      'text' in part
        ? await readReference(part.text, part.name, context, reply)
        : { param: part.name, bytes: part.bytes };
    if (kind === 'image') given.push(image);
    else givenMask = image;
  }
  const read = await readInputImages([...given, ...(givenMask ? [givenMask] : [])]);
  if (given.length === 0)
    throw new HttpError(400, 'invalid_request', 'image: is missing', { param: 'image' });
  return { fields, images: read.slice(0, given.length), mask: read[given.length] };
}

const numbers = fieldsOf(z.ZodNumber);
const flags = fieldsOf(z.ZodBoolean);
const flagOf = new Map([
  ['true', true],
  ['false', false],
]);

/**
 * A field as JSON would have it; what is not a number or flag where one belongs is left for the schema to
 * name.
 */
function readField(name: string, text: string): unknown {
  if (text === '') return undefined;
  if (numbers.has(name)) return Number(text);
  if (flags.has(name)) return flagOf.get(text.toLowerCase()) ?? text;
  return text;
}

/** Names of the fields of a request whose values are of that kind. */
function fieldsOf(kind: typeof z.ZodNumber | typeof z.ZodBoolean): ReadonlySet<string> {
  const fields = Object.entries(openAiRequestSchema.shape);
  return new Set(fields.filter(([, schema]) => innermost(schema) instanceof kind).map(([name]) => name));
}

function innermost(schema: unknown): unknown {
  const isWrapped =
    schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault;
  return isWrapped ? innermost(schema.unwrap()) : schema;
}
