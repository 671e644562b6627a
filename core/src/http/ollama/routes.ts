import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { isNamed } from '../../models/available-models.js';
import { readAnyTypeAsJson } from '../body/register-parsers.js';
import { HttpError } from '../errors.js';
import { addOperation, type Operation } from '../operation.js';
import { parseBody } from '../parse-body.js';
import type { ServerContext } from '../server-context.js';
import { assertModel, generate } from './generate.js';
import { ollamaVersion, showModel, tagOf } from './models.js';
import { idOf, ollamaGenerateSchema } from './request.js';

const ollama = { tag: 'Ollama', failure: 'ollamaFailed' } as const;
/** `name` is the older name of the field. */
const namedSchema = z.looseObject({
  model: z.string().min(1).max(200).nullish(),
  name: z.string().max(200).nullish(),
});

const operations = {
  generate: {
    ...ollama,
    method: 'POST',
    path: '/api/generate',
    scope: 'generate',
    summary: 'Makes a picture from words, or from others and words; progress and picture are lines of JSON.',
    body: ollamaGenerateSchema,
    example: { model: 'picturebook', prompt: 'a red house under a yellow star', stream: false },
    answer: 'ollamaImage',
  },
  tags: {
    ...ollama,
    method: 'GET',
    path: '/api/tags',
    scope: 'read',
    summary: 'Lists the models that can be used.',
    answer: 'ollamaModels',
  },
  running: {
    ...ollama,
    method: 'GET',
    path: '/api/ps',
    scope: 'read',
    summary: 'Lists models in memory: none, since plugins keep them.',
    answer: 'ollamaModels',
  },
  show: {
    ...ollama,
    method: 'POST',
    path: '/api/show',
    scope: 'read',
    summary: 'Tells of a model.',
    body: namedSchema,
    answer: 'ollamaModel',
  },
  version: {
    ...ollama,
    method: 'GET',
    path: '/api/version',
    scope: 'read',
    summary: "Tells which version of Ollama's API is spoken.",
    answer: 'ollamaVersion',
  },
  pull: {
    ...ollama,
    method: 'POST',
    path: '/api/pull',
    scope: 'read',
    summary: 'Tells whether a model is installed; installing is for the command line.',
    body: namedSchema,
    answer: 'ollamaStatus',
  },
} as const satisfies Record<string, Operation>;

/** The part of Ollama's API by which its clients make images. */
export const ollamaRoutes = (context: ServerContext) => async (server: FastifyInstance) => {
  readAnyTypeAsJson(server);
  const startedAt = new Date();
  const models = () => context.manager.getAvailableModels();
  const find = (body: unknown) => {
    const { model, name } = parseBody(namedSchema, body);
    const asked = model || name || '';
    assertModel(context, asked);
    return models().find((model) => isNamed(model, idOf(asked)));
  };

  addOperation(server, operations.generate, async (request, reply) => generate(context, request, reply));
  addOperation(server, operations.tags, async () => ({
    models: models()
      .filter(({ available }) => available)
      .map((model) => tagOf(model, startedAt)),
  }));
  addOperation(server, operations.running, async () => ({ models: [] }));
  addOperation(server, operations.show, async ({ body }) => {
    const model = find(body);
    return model && showModel(model, startedAt);
  });
  addOperation(server, operations.version, async () => ({ version: ollamaVersion }));
  addOperation(server, operations.pull, async ({ body }) => {
    const model = find(body);
    if (model?.installed) return { status: 'success' };
    throw new HttpError(
      400,
      'model_not_installed',
      `The model "${model?.id}" is not installed: run \`easel models install ${model?.id}\` on the server.`,
      { param: 'model' },
    );
  });
};
