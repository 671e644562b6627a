import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type AvailableModel, isNamed } from '../../models/available-models.js';
import { HttpError } from '../errors.js';
import { addOperation, type Operation } from '../operation.js';
import { parseBody } from '../parse-body.js';
import { deliveryOptionsOf } from '../request-fields.js';
import type { ServerContext } from '../server-context.js';
import { imageReferenceFields, readEditBody } from './edit-body.js';
import { make, type OpenAiCall } from './make.js';
import { readOpenAiMask } from './mask.js';
import { fromOpenAiRequest, openAiRequestSchema } from './request.js';

/** Variations have no prompt; what makes pictures here needs one. */
const variationPrompt = 'a variation of this picture';

const openAi = { tag: 'OpenAI', failure: 'openAiFailed' } as const;
const operations = {
  generate: {
    ...openAi,
    method: 'POST',
    path: '/v1/images/generations',
    scope: 'generate',
    summary: 'Makes pictures; with "stream" as server-sent events.',
    isCreating: true,
    body: openAiRequestSchema,
    example: { prompt: 'a red house under a yellow star' },
    answer: 'openAiImages',
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
  addOperation(server, operations.generate, async (request, reply) =>
    make(context, callOf('image_generation', request.body), request, reply),
  );
  addOperation(server, operations.edit, async (request, reply) =>
    make(context, await editOf(context, { request, reply }), request, reply),
  );
  addOperation(server, operations.vary, async (request, reply) =>
    make(context, await editOf(context, { request, reply }, { prompt: variationPrompt }), request, reply),
  );

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

async function editOf(
  context: ServerContext,
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
  defaults: object = {},
): Promise<OpenAiCall> {
  const { fields, images, mask } = await readEditBody(context, request, reply);
  const call = callOf('image_edit', { ...defaults, ...fields });
  const asked = { ...call.asked, inputImages: [...images] };
  if (!mask) return { ...call, asked };
  const read = await readOpenAiMask(mask);
  return {
    ...call,
    asked: { keepUnmasked: true, ...asked, mask: read.mask },
    warnings: [...call.warnings, ...read.warnings],
  };
}

function callOf(kind: OpenAiCall['kind'], given: unknown): OpenAiCall {
  const body = parseBody(openAiRequestSchema, given);
  return {
    kind,
    ...fromOpenAiRequest(body),
    responseFormat: body.response_format ?? 'b64_json',
    isStreamed: body.stream ?? false,
    delivery: deliveryOptionsOf(body),
  };
}

/** @param id the model's own, or an alias by which a client knows it */
const describe = (
  { name, plugin = 'nobody', available }: AvailableModel,
  created: number,
  id: string,
) => ({
  id,
  object: 'model',
  created,
  owned_by: plugin,
  name,
  available,
});
