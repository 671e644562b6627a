import type { Progress } from '@easel/plugin-sdk';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isNamed } from '../../models/available-models.js';
import type { ImageResult } from '../../results/image-result.js';
import { HttpError } from '../errors.js';
import { inCallersWords, warningsInCallersWords } from '../field-names.js';
import { fromBase64, readInputImages } from '../input-image.js';
import { LineStream } from '../line-stream.js';
import { makeResult } from '../make-result.js';
import { parseBody } from '../parse-body.js';
import { defaultDelivery } from '../request-fields.js';
import type { ServerContext } from '../server-context.js';
import { answerTo } from '../server-paths.js';
import { placeholderOf, sendJson } from '../splice-base64.js';
import { ollamaFieldNames } from './field-names.js';
import { fromOllamaRequest, idOf, ollamaGenerateSchema } from './request.js';

const nanosecondsPerMs = 1e6;

/**
 * Makes the image of a call to Ollama's `generate`: progress and image a line each, or, with
 * `"stream": false`, the image alone.
 */
export async function generate(
  context: ServerContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const body = parseBody(ollamaGenerateSchema, request.body);
  assertModel(context, body.model);
  const about = (done: boolean) => ({
    model: body.model,
    created_at: new Date().toISOString(),
    response: '',
    done,
  });
  // Without a prompt it loads a model there, which is done here by the first image.
  if (!body.prompt) return { ...about(true), done_reason: 'load' };
  const given = (body.images ?? []).map((image, index) => fromBase64(image, `images.${index}`));
  const { asked, warnings } = fromOllamaRequest(body, await readInputImages(given));
  const last = (result: ImageResult) => ({
    ...about(true),
    done_reason: 'stop',
    image: placeholderOf(0),
    total_duration: Math.round((result.timings.total ?? 0) * nanosecondsPerMs),
    warnings: [...warningsInCallersWords(result.warnings, ollamaFieldNames), ...warnings],
  });
  const bytesOf = ({ images }: ImageResult) => images.slice(0, 1).map(({ bytes }) => bytes);
  if (body.stream === false) {
    const result = await makeResult(context, asked, defaultDelivery, { request, reply });
    return await sendJson(reply, last(result), bytesOf(result));
  }

  let lines: LineStream | undefined;
  const open = () => {
    lines ??= new LineStream(reply);
    return lines;
  };
  try {
    const onProgress = ({ stage, fraction, step, steps }: Progress) => {
      if (stage !== 'generate') return;
      // Percent where it is not counted in steps.
      const [completed, total] = steps === undefined ? [Math.round(100 * fraction), 100] : [step ?? 0, steps];
      open().send({ ...about(false), completed, total });
    };
    const result = await makeResult(context, asked, defaultDelivery, { request, reply, onProgress });
    open().send(last(result), bytesOf(result));
  } catch (error) {
    // Before the first line it has a status.
    if (!lines) throw error;
    lines.send({ error: inCallersWords(answerTo(request, error), ollamaFieldNames).message });
  }
  open().end();
  return reply;
}

/** Throws status 404 in the words that Ollama's clients look for. */
export function assertModel({ manager }: Pick<ServerContext, 'manager'>, name: string): void {
  if (manager.getAvailableModels().some((model) => isNamed(model, idOf(name)))) return;
  throw new HttpError(
    404,
    'model_not_found',
    `model "${name.slice(0, 200)}" not found: GET /api/tags lists them`,
    {
      param: 'model',
    },
  );
}
