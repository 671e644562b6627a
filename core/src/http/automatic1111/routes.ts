import type { FastifyInstance } from 'fastify';
import { addOperation } from '../operation.js';
import { parseBody } from '../parse-body.js';
import type { ServerContext } from '../server-context.js';
import { withoutHash } from './from-request.js';
import { automaticListRoutes } from './list-routes.js';
import { make } from './make.js';
import { automaticOperations as operations } from './operations.js';
import { pngInfoOf, pngInfoSchema } from './png-info.js';
import { automaticProgressRoutes } from './progress-routes.js';
import { automaticOptionsSchema } from './request.js';
import { Tasks } from './tasks.js';

/** `/sdapi/v1/...`: the routes of Automatic1111's web UI that its many clients use. */
export const automaticRoutes = (context: ServerContext) => async (server: FastifyInstance) => {
  const { manager } = context;
  const tasks = new Tasks();
  await server.register(automaticListRoutes(context));
  await server.register(automaticProgressRoutes(tasks));

  addOperation(server, operations.textToImage, async (request, reply) =>
    make(context, tasks, 'txt2img', { request, reply }),
  );
  addOperation(server, operations.imageToImage, async (request, reply) =>
    make(context, tasks, 'img2img', { request, reply }),
  );
  addOperation(server, operations.pngInfo, async (request) =>
    pngInfoOf(parseBody(pngInfoSchema, request.body).image),
  );

  addOperation(server, operations.options, async () => ({
    sd_model_checkpoint: manager.currentModel ?? null,
    sd_checkpoint_hash: null,
    sd_vae: 'Automatic',
    CLIP_stop_at_last_layers: 1,
    samples_format: 'png',
  }));
  addOperation(server, operations.setOptions, async (request) => {
    const { sd_model_checkpoint: title, ...others } = parseBody(automaticOptionsSchema, request.body);
    if (title) manager.switchModel(withoutHash(title) ?? title);
    const names = Object.keys(others).slice(0, 40);
    return names.length === 0
      ? {}
      : { warnings: names.map((name) => `${name.slice(0, 100)} had no effect.`) };
  });
};
