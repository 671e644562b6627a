import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type AvailableModel, isNamed } from '../../models/available-models.js';
import { HttpError } from '../errors.js';
import { addOperation, type Operation } from '../operation.js';
import type { ServerContext } from '../server-context.js';
import { callOf, editOf } from './call.js';
import { imageReferenceFields } from './edit-body.js';
import { addJobs, begin } from './jobs.js';
import { make, type OpenAiCall } from './make.js';
import { openAiRequestSchema } from './request.js';

/** Variations have no prompt; what makes pictures here needs one. */
const variationPrompt = 'a variation of this picture';

const openAi = { tag: 'OpenAI', failure: 'openAiFailed' } as const;
const operations = {
  generate: {
    ...openAi,
    method: 'POST',
    path: '/v1/images/generations',
    scope: 'generate',
    summary: 'Makes pictures; with "stream" as server-sent events, with "async" as a job.',
    isCreating: true,
    body: openAiRequestSchema,
    example: { prompt: 'a red house under a yellow star' },
    answer: 'openAiImages',
    accepted: 'openAiJob',
  },
  edit: {
    ...openAi,
    method: 'POST',
    path: '/v1/images/edits',
    scope: 'generate',
    summary: 'Makes pictures from others and words.',
    isCreating: true,
    body: openAiRequestSchema,
    files: ['image', 'mask'],
    references: openAiRequestSchema.extend(imageReferenceFields),
    answer: 'openAiImages',
    accepted: 'openAiJob',
  },
  vary: {
    ...openAi,
    method: 'POST',
    path: '/v1/images/variations',
    scope: 'generate',
    summary: 'Makes pictures that are like another.',
    isCreating: true,
    body: openAiRequestSchema.partial({ prompt: true }),
    files: ['image'],
    references: openAiRequestSchema.partial({ prompt: true }).extend(imageReferenceFields),
    answer: 'openAiImages',
    accepted: 'openAiJob',
  },
  models: {
    ...openAi,
    method: 'GET',
    path: '/v1/models',
    scope: 'read',
    summary: 'Lists the models.',
    answer: 'openAiModels',
  },
  model: {
    ...openAi,
    method: 'GET',
    // An id may have slashes in it.
    path: '/v1/models/*',
    scope: 'read',
    summary: 'Tells of a model.',
    answer: 'openAiModel',
  },
} as const satisfies Record<string, Operation>;

/** `POST /v1/images/generations`, `/v1/images/edits`, `/v1/images/variations` and `GET /v1/models`. */
export const openAiRoutes = (context: ServerContext) => async (server: FastifyInstance) => {
  const answer = (call: OpenAiCall, request: FastifyRequest, reply: FastifyReply) =>
    call.isAsync ? begin(context, call, request, reply) : make(context, call, request, reply);
  addOperation(server, operations.generate, async (request, reply) =>
    answer(callOf(context, 'image_generation', request.body), request, reply),
  );
  addOperation(server, operations.edit, async (request, reply) =>
    answer(await editOf(context, { request, reply }), request, reply),
  );
  addOperation(server, operations.vary, async (request, reply) =>
    answer(await editOf(context, { request, reply }, { prompt: variationPrompt }), request, reply),
  );
  for (const { path } of [operations.generate, operations.edit, operations.vary])
    addJobs(server, context, path);

  const startedAt = Math.floor(Date.now() / 1_000);
  addOperation(server, operations.models, async () => ({
    object: 'list',
    data: context.manager
      .getAvailableModels()
      .flatMap((model) =>
        [model.id, ...(model.aliases ?? [])].map((name) => describe(model, startedAt, name)),
      ),
  }));
  addOperation(server, operations.model, async (request) => {
    const { '*': id } = request.params as { '*': string };
    const model = context.manager.getAvailableModels().find((each) => isNamed(each, id));
    if (!model)
      throw new HttpError(
        404,
        'model_not_found',
        `There is no model "${id.slice(0, 200)}": GET /v1/models lists them.`,
        { param: 'model' },
      );
    return describe(model, startedAt, id);
  });
};

/** @param id the model's own, or an alias by which a client knows it */
const describe = ({ name, plugin = 'nobody', available }: AvailableModel, created: number, id: string) => ({
  id,
  object: 'model',
  created,
  owned_by: plugin,
  name,
  available,
});
