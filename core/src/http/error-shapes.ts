import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { HostLogger } from '../observe/plugin-logger.js';
import { automaticFieldNames } from './automatic1111/field-names.js';
import { comfyError } from './comfyui/problems.js';
import { answerFor, type ErrorAnswer, HttpError } from './errors.js';
import { type FieldNames, inCallersWords } from './field-names.js';
import { imageFieldNames } from './images/field-names.js';
import { ollamaFieldNames } from './ollama/field-names.js';
import { openAiError } from './openai/error.js';
import { openAiFieldNames } from './openai/field-names.js';
import { sdcppFieldNames } from './sdcpp/field-names.js';
import { answerTo } from './server-paths.js';
import type { SendStudio } from './studio/routes.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The contract's fields by the names that this request has for them. Absent: those of its API. */
    fieldNames?: FieldNames;
  }
}

const inOneText = ({ message, hint }: ErrorAnswer): object => ({
  error: hint ? `${message} ${hint}` : message,
});

/** Errors as each API tells them, by the name under which the OpenAPI document has the shape. */
const shapes = {
  failed: ({ code, message, hint, param, plugin }: ErrorAnswer): object => ({
    success: false,
    error: { code, message, hint, param, plugin },
  }),
  openAiFailed: openAiError,
  automaticFailed: ({ code, message }: ErrorAnswer): object => ({
    error: code,
    detail: message,
    errors: message,
  }),
  ollamaFailed: inOneText,
  comfyFailed: comfyError,
  sdcppFailed: inOneText,
} as const satisfies Record<string, (answer: ErrorAnswer) => object>;
export type ErrorShape = keyof typeof shapes;

const fieldNames: Readonly<Record<ErrorShape, FieldNames>> = {
  failed: imageFieldNames,
  openAiFailed: openAiFieldNames,
  automaticFailed: automaticFieldNames,
  ollamaFailed: ollamaFieldNames,
  // Its requests are graphs, each with names of its own.
  comfyFailed: {},
  sdcppFailed: sdcppFieldNames,
};

/** What to call in place of a path that an API does not have. Absent: nothing is known of it. */
const hints: Readonly<Partial<Record<ErrorShape, string>>> = {
  openAiFailed:
    'This server makes images and no text: call POST /v1/images/generations, or /v1/images/edits with images.',
  sdcppFailed: 'This server makes images: call POST /sdcpp/v1/img_gen.',
};

/** The body that an error is answered with. */
const bodyOf = (shape: ErrorShape, answer: ErrorAnswer, names = fieldNames[shape]): object =>
  shapes[shape](inCallersWords(answer, names));

/**
 * Answers errors in the shape that the route declares, and those of unknown paths in Easel's own; a browser
 * there is shown the Studio, where there is one, which says that nothing is there.
 */
export function answerErrors(
  server: FastifyInstance,
  logger: HostLogger,
  sendStudio: SendStudio | undefined,
): void {
  answerErrorsAs(server, 'failed', logger, sendStudio);
}

/** Browsers ask for HTML by its name, and programs do not; what is below `/api` is for programs alone. */
const isForPeople = ({ method, url, headers }: FastifyRequest): boolean =>
  method === 'GET' && (headers.accept ?? '').includes('text/html') && !/^\/(api|studio)\//.test(url);

/** Answers a URL that cannot be read, which no route is looked up for. */
export function answerUnreadableUrl(_error: Error, _request: FastifyRequest, reply: FastifyReply): void {
  const message = 'The path of the URL has a "%" without two hexadecimal digits, or bytes that are no UTF-8.';
  const answer = answerFor(new HttpError(400, 'invalid_url', message));
  reply.status(answer.status).headers(answer.headers).send(bodyOf('failed', answer));
}

/**
 * Answers unknown paths below an API's own path in the shape of that API. To be called after the hooks that
 * guard the server and the parsers of its bodies: paths below have those that there are then.
 */
export async function answerUnknownPaths(server: FastifyInstance, logger: HostLogger): Promise<void> {
  await server.register(async (api) => answerErrorsAs(api, 'openAiFailed', logger), { prefix: '/v1' });
  await server.register(async (api) => answerErrorsAs(api, 'automaticFailed', logger), { prefix: '/sdapi' });
  await server.register(async (api) => answerErrorsAs(api, 'sdcppFailed', logger), { prefix: '/sdcpp' });
}

function answerErrorsAs(
  server: FastifyInstance,
  shape: ErrorShape,
  logger: HostLogger,
  sendStudio?: SendStudio,
): void {
  server.setErrorHandler(async (error, request, reply) => {
    const { id, method, routeOptions } = request;
    const answer = answerTo(request, error);
    if (answer.status >= 500)
      logger.error(`${method} ${routeOptions.url ?? ''}: ${answer.code}: ${messageOf(error)}`, {
        requestId: id,
      });
    const { failure = shape } = routeOptions.config.operation ?? {};
    return await reply
      .status(answer.status)
      .headers(answer.headers)
      .send(bodyOf(failure, answer, request.fieldNames));
  });
  server.setNotFoundHandler(async (request, reply) => {
    const { method, url } = request;
    if (sendStudio && isForPeople(request)) return await sendStudio(reply.status(404));
    const message = `There is nothing at ${method} ${url.slice(0, 200)}.`;
    throw new HttpError(404, 'not_found', [message, hints[shape]].filter(Boolean).join(' '));
  });
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
