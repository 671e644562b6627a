import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ImageResult } from '../../results/image-result.js';
import { warningsInCallersWords } from '../field-names.js';
import { findModel } from '../find-model.js';
import { makeResult } from '../make-result.js';
import { parseBody } from '../parse-body.js';
import { defaultDelivery } from '../request-fields.js';
import type { ServerContext } from '../server-context.js';
import { placeholderOf, sendJson } from '../splice-base64.js';
import { assertInitImage, fromAutomaticRequest, modelOf, namesOf } from './from-request.js';
import { infoOf } from './info.js';
import { interruptedResult } from './interrupted.js';
import { type AutomaticRequest, automaticRequestSchema } from './request.js';
import type { Tasks } from './tasks.js';

/** Makes the images of a call to `txt2img` or `img2img`, and answers as Automatic1111 does. */
export async function make(
  context: ServerContext,
  tasks: Tasks,
  kind: 'txt2img' | 'img2img',
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
): Promise<FastifyReply> {
  const body = parseBody(automaticRequestSchema, request.body);
  const names = namesOf(body);
  request.fieldNames = names;
  if (kind === 'img2img') assertInitImage(body);
  const { manager } = context;
  const model = findModel(manager, modelOf(body));
  const { asked, warnings } = await fromAutomaticRequest(body, kind, model);
  const about = {
    id: body.force_task_id ?? request.id,
    caller: request.apiKey?.id ?? '',
    images: asked.n ?? 1,
  };
  const { made, warnings: others } = await tasks.run(about, async (task, onProgress) => {
    const { signal } = task.controller;
    try {
      const caller = { request, reply, onProgress, cancelled: signal };
      const result = await makeResult(context, asked, defaultDelivery, caller);
      if (body.save_images) await save(context, result);
      return { made: result, warnings: warningsInCallersWords(result.warnings, names) };
    } catch (error) {
      if (!signal.aborted) throw error;
      return await interruptedResult(task, asked, error, model);
    }
  });
  const { images, provenance } = made;
  const isSent = body.send_images ?? true;
  const told = [...others, ...warnings];
  const answer = {
    images: isSent ? images.map((_, index) => placeholderOf(index)) : [],
    parameters: echoOf(body),
    info: JSON.stringify(infoOf(made, body, told, findModel(manager, provenance.model))),
  };
  return await sendJson(reply, answer, isSent ? images.map(({ bytes }) => bytes) : []);
}

async function save({ results }: ServerContext, { images, provenance }: ImageResult): Promise<void> {
  for (const image of images) await results.put(image, { seed: image.seed, provenance });
}

/** A request as its caller reads it again: with the images only where it wants them. */
function echoOf({ init_images, mask, ...others }: AutomaticRequest): object {
  return others.include_init_images ? { ...others, init_images, mask } : others;
}
