import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AvailableModel } from '../../models/available-models.js';
import type { Doors } from '../doors.js';
import { parseBody } from '../parse-body.js';
import { wishesOf } from '../request-fields.js';
import { readImageForm } from './form.js';
import { make, type OpenAiCall } from './make.js';
import { fromOpenAiRequest, openAiRequestSchema } from './request.js';

/** Variations have no prompt; what makes pictures here needs one. */
const variationPrompt = 'a variation of this picture';

/** `POST /v1/images/generations`, `/v1/images/edits`, `/v1/images/variations` and `GET /v1/models`. */
export const openAiRoutes = (doors: Doors) => async (server: FastifyInstance) => {
  server.post('/v1/images/generations', async (request, reply) =>
    make(doors, callOf('image_generation', request.body), request, reply),
  );
  server.post('/v1/images/edits', async (request, reply) =>
    make(doors, await editOf(request), request, reply),
  );
  server.post('/v1/images/variations', async (request, reply) =>
    make(doors, await editOf(request, { prompt: variationPrompt }), request, reply),
  );

  const startedAt = Math.floor(Date.now() / 1_000);
  server.get('/v1/models', async () => ({
    object: 'list',
    data: doors.manager.getAvailableModels().map((model) => describe(model, startedAt)),
  }));
};

async function editOf(request: FastifyRequest, defaults: object = {}): Promise<OpenAiCall> {
  const { fields, images, mask } = await readImageForm(request);
  const call = callOf('image_edit', { ...defaults, ...fields });
  return { ...call, asked: { ...call.asked, inputImages: images, ...(mask ? { mask } : {}) } };
}

function callOf(kind: OpenAiCall['kind'], given: unknown): OpenAiCall {
  const body = parseBody(openAiRequestSchema, given);
  return {
    kind,
    ...fromOpenAiRequest(body),
    responseFormat: body.response_format ?? 'b64_json',
    isStreamed: body.stream ?? false,
    wishes: wishesOf(body),
  };
}

const describe = ({ id, name, plugin = 'nobody', available }: AvailableModel, created: number) => ({
  id,
  object: 'model',
  created,
  owned_by: plugin,
  name,
  available,
});
