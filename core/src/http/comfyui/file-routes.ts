import { freemem, totalmem } from 'node:os';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { readParts } from '../body/read-parts.js';
import { HttpError } from '../errors.js';
import { readInputImages } from '../input-image.js';
import { addOperation } from '../operation.js';
import { parseBody } from '../parse-body.js';
import type { ServerContext } from '../server-context.js';
import { listsOf, objectInfo } from './object-info.js';
import { type ComfyOperations, viewSchema } from './operations.js';
import type { Door } from './take-prompt.js';

type ByName = { Params: { name: string } };

/** The version of ComfyUI whose routes are spoken: clients look for one that takes ids of prompts. */
const comfyVersion = '0.3.75';

const callerOf = ({ apiKey }: FastifyRequest): string => apiKey?.id ?? '';

/** Files, kinds of nodes, and what clients ask before they make an image. */
export function addFileRoutes(
  server: FastifyInstance,
  operations: ComfyOperations,
  context: ServerContext,
  { uploads, loras }: Pick<Door, 'uploads' | 'loras'>,
): void {
  const info = async (request: FastifyRequest) =>
    objectInfo(await listsOf(context, loras, uploads.namesOf(callerOf(request))));

  addOperation(server, operations.nodes, async (request) => await info(request));
  addOperation<ByName>(server, operations.node, async (request) => {
    const { name } = request.params;
    const kinds = await info(request as FastifyRequest);
    return Object.hasOwn(kinds, name) ? { [name]: kinds[name] } : {};
  });

  addOperation(server, operations.view, async (request, reply) => {
    const { filename, subfolder, type } = parseBody(viewSchema, request.query);
    const path = subfolder ? `${subfolder}/${filename}` : filename;
    const folder = type === 'input' ? 'input' : 'output';
    const image = await uploads.read(callerOf(request), `${path} [${folder}]`);
    if (!image)
      throw new HttpError(404, 'file_not_found', `There is no file "${path.slice(0, 200)}".`, {
        param: 'filename',
      });
    return await reply.type(image.mediaType).send(Buffer.from(image.bytes));
  });

  addOperation(server, operations.upload, async (request) => {
    const { fields, file } = await readUpload(request);
    const [image] = await readInputImages([{ param: 'image', bytes: file.bytes }]);
    if (!image) throw new Error('an image was read as none');
    const subfolder = fields.subfolder ?? '';
    const isReplacing = ['true', '1'].includes(fields.overwrite ?? '');
    const upload = { name: file.name, subfolder, ...image, isReplacing };
    return { name: await uploads.put(callerOf(request), upload), subfolder, type: 'input' };
  });

  addOperation(server, operations.system, async () => systemStats());
  addOperation(server, operations.embeddings, async () => []);
  addOperation(server, operations.extensions, async () => []);
  addOperation(server, operations.features, async () => ({
    supports_preview_metadata: false,
    max_upload_size: context.configuration.bodyMb * 1024 * 1024,
  }));
}

/** The text and the image of a form. */
async function readUpload(request: FastifyRequest) {
  const fields: Record<string, string> = {};
  let file: { readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> } | undefined;
  for await (const part of readParts(request)) {
    if ('text' in part) fields[part.name] = part.text;
    else if (part.name === 'image') file = { name: part.fileName, bytes: part.bytes };
  }
  if (file) return { fields, file };
  throw new HttpError(400, 'invalid_request', 'image: is missing', { param: 'image' });
}

/** As ComfyUI tells it where it runs on the processor; of graphics cards nothing is known here. */
function systemStats() {
  const [free, total] = [freemem(), totalmem()];
  return {
    system: {
      os: process.platform,
      ram_total: total,
      ram_free: free,
      comfyui_version: comfyVersion,
      python_version: '',
      pytorch_version: '',
      embedded_python: false,
      argv: ['easel'],
    },
    devices: [
      {
        ...{ name: 'cpu', type: 'cpu', index: null },
        ...{ vram_total: total, vram_free: free, torch_vram_total: total, torch_vram_free: free },
      },
    ],
  };
}
