import type { ImageRequest, Progress, Warning } from '@easel/plugin-sdk';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { EventStream } from '../event-stream.js';
import { inCallersWords } from '../field-names.js';
import { makeResult } from '../make-result.js';
import type { DeliveryOptions } from '../request-fields.js';
import { resultUrl, type ServerContext } from '../server-context.js';
import { answerTo } from '../server-paths.js';
import { placeholderOf, sendJson } from '../splice-base64.js';
import { eventUsage, formatOf, looksOf, provenanceOf, secondsNow, sizeOf } from './answer.js';
import { openAiError } from './error.js';
import { openAiFieldNames } from './field-names.js';
import { sendPartialImage } from './partial-image.js';

/** What was asked for, and how it is to be answered. */
export interface OpenAiCall {
  readonly kind: 'image_generation' | 'image_edit';
  readonly asked: ImageRequest;
  readonly warnings: readonly Warning[];
  readonly responseFormat: 'b64_json' | 'url';
  readonly isStreamed: boolean;
  /** Whether it is answered before it is made. */
  readonly isAsync: boolean;
  readonly delivery: DeliveryOptions;
}

/** Makes the pictures of a call to OpenAI's API and answers as it was asked to. */
export async function make(
  context: ServerContext,
  call: OpenAiCall,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  if (call.isStreamed) return await stream(context, call, request, reply);
  const result = await makeResult(context, call.asked, call.delivery, { request, reply });
  const { images } = result;
  const isUrl = call.responseFormat === 'url';
  const data = [];
  for (const [index, image] of images.entries()) {
    const { name } = isUrl
      ? await context.results.put(image, { provenance: result.provenance })
      : { name: '' };
    data.push(isUrl ? { url: resultUrl(context, request, name) } : { b64_json: placeholderOf(index) });
  }
  const [first] = images;
  const body = {
    created: secondsNow(),
    ...(first ? { size: sizeOf(first), output_format: formatOf(first) } : {}),
    ...looksOf(result),
    data,
    easel: provenanceOf(result, call.warnings),
  };
  const pictures = isUrl ? [] : images.map(({ bytes }) => bytes);
  return await sendJson(reply, body, pictures);
}

/**
 * Errors before the first event are answered with their status; later ones are an event, as the status is out
 * by then.
 */
async function stream(
  context: ServerContext,
  { kind, asked, warnings, delivery }: OpenAiCall,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  let events: EventStream | undefined;
  let partials = 0;
  const open = () => {
    events ??= new EventStream(reply);
    return events;
  };
  try {
    const onProgress = ({ stage, fraction, preview }: Progress) => {
      if (preview) sendPartialImage(open(), kind, preview, partials++);
      else open().comment(`${stage} ${Math.round(100 * fraction)} %`);
    };
    const result = await makeResult(context, asked, delivery, { request, reply, onProgress });
    const type = `${kind}.completed`;
    for (const image of result.images) {
      const data = {
        type,
        b64_json: placeholderOf(0),
        created_at: secondsNow(),
        size: sizeOf(image),
        quality: 'auto',
        background: 'opaque',
        ...looksOf(result),
        output_format: formatOf(image),
        usage: eventUsage,
        easel: provenanceOf(result, warnings),
      };
      open().send(type, data, [image.bytes]);
    }
  } catch (error) {
    if (!events) throw error;
    events.send('error', openAiError(inCallersWords(answerTo(request, error), openAiFieldNames)));
  }
  open().end();
  return reply;
}
