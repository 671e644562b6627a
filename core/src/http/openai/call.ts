import type { FastifyReply, FastifyRequest } from 'fastify';
import { findModel } from '../find-model.js';
import { parseBody } from '../parse-body.js';
import { deliveryOptionsOf } from '../request-fields.js';
import type { ServerContext } from '../server-context.js';
import { readEditBody } from './edit-body.js';
import type { OpenAiCall } from './make.js';
import { readOpenAiMask } from './mask.js';
import { fromOpenAiRequest, openAiRequestSchema } from './request.js';

/**
 * A call to `/v1/images/edits` or `/variations`.
 *
 * @param defaults fields of the body that may be missing
 */
export async function editOf(
  context: ServerContext,
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
  defaults: object = {},
): Promise<OpenAiCall> {
  const { fields, images, mask } = await readEditBody(context, request, reply);
  const call = callOf(context, 'image_edit', { ...defaults, ...fields });
  const asked = { ...call.asked, inputImages: [...images] };
  if (!mask) return { ...call, asked };
  const read = await readOpenAiMask(mask);
  return {
    ...call,
    asked: { keepUnmasked: true, ...asked, mask: read.mask },
    warnings: [...call.warnings, ...read.warnings],
  };
}

/** A call, by its fields. Throws status 400 with the field that is wrong. */
export function callOf(
  { manager }: Pick<ServerContext, 'manager'>,
  kind: OpenAiCall['kind'],
  given: unknown,
): OpenAiCall {
  const body = parseBody(openAiRequestSchema, withoutEmptyText(given));
  return {
    kind,
    ...fromOpenAiRequest(body, kind, findModel(manager, body.model)),
    responseFormat: body.response_format ?? 'b64_json',
    isStreamed: body.stream ?? false,
    isAsync: body.async ?? false,
    delivery: deliveryOptionsOf(body),
  };
}

/** Fields that are an empty text count as absent, as forms have them; a prompt may not be one. */
function withoutEmptyText(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  return Object.fromEntries(
    Object.entries(body).filter(([name, value]) => value !== '' || name === 'prompt'),
  );
}
