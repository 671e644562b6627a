import webSocket from '@fastify/websocket';
import type { FastifyInstance } from 'fastify';
import { TensorFileList } from '../../model-files/list-tensor-files.js';
import { readAnyTypeAsJson } from '../body/register-parsers.js';
import type { ServerContext } from '../server-context.js';
import { addFileRoutes } from './file-routes.js';
import { comfyOperations } from './operations.js';
import { addPromptRoutes } from './prompt-routes.js';
import { Prompts } from './prompts.js';
import { addSocketRoute } from './socket-route.js';
import { Sockets } from './sockets.js';
import type { Door } from './take-prompt.js';
import { Uploads } from './uploads.js';

/** Bytes of a message of a client, which says little. */
const mostMessageBytes = 64 * 1024;

/**
 * ComfyUI's API, as far as graphs need it that make images of words, or of an image and words. As there, each
 * route is at `/` and below `/api`.
 */
export const comfyRoutes = (context: ServerContext) => async (server: FastifyInstance) => {
  const door: Door = {
    prompts: new Prompts(),
    sockets: new Sockets(),
    uploads: new Uploads(context.results),
    loras: new TensorFileList(),
  };
  readAnyTypeAsJson(server);
  await server.register(webSocket, { options: { maxPayload: mostMessageBytes } });
  for (const base of ['', '/api']) {
    const operations = comfyOperations(base);
    addPromptRoutes(server, operations, context, door);
    addFileRoutes(server, operations, context, door);
    addSocketRoute(server, operations.socket, door);
  }
};
