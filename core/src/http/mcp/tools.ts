import { imageRequestSchema } from '@easel/plugin-sdk';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { z } from 'zod';
import { coreVersion } from '../../version.js';
import { assertScope } from '../access/authenticate.js';
import { readReference } from '../image-reference.js';
import { readInputImages } from '../input-image.js';
import { withoutAbsent } from '../request-fields.js';
import type { ServerContext } from '../server-context.js';
import { asTool } from './as-tool.js';
import { addJobTools } from './job-tools.js';
import { fromArguments, generateShape, type McpRequest, makeForTool } from './make.js';

/** Arguments of the tool that edits an image. */
export const editShape = {
  ...generateShape,
  image: z.string().describe('The picture to start from, as base64, a data URL or an address.'),
  mask: z.string().optional().describe('Where to paint, white, as base64, a data URL or an address.'),
  strength: imageRequestSchema.shape.strength,
};

/**
 * The tools that a model may use: make a picture, edit one, list the models, jobs. One server a request:
 * there is no session to lose.
 */
export function createMcpServer(context: ServerContext, mcp: McpRequest): McpServer {
  const { request, reply } = mcp;
  const server = new McpServer({ name: 'easel', version: coreVersion });

  server.registerTool(
    'generate_image',
    {
      title: 'Make pictures',
      description: 'Makes pictures from words.',
      inputSchema: z.looseObject(generateShape),
    },
    async (given, call) =>
      await asTool(request, () => {
        const asked = fromArguments(given);
        return makeForTool(context, mcp, { asked, shape: generateShape, given }, call);
      }),
  );
  server.registerTool(
    'edit_image',
    {
      title: 'Edit a picture',
      description: 'Makes a picture from another one and words.',
      inputSchema: z.looseObject(editShape),
    },
    async (given, call) =>
      await asTool(request, async () => {
        assertScope(request.apiKey, 'generate');
        const { image, mask, strength } = given;
        const named = [await readReference(image, 'image', context, reply)];
        if (mask !== undefined) named.push(await readReference(mask, 'mask', context, reply));
        const [first, painted] = await readInputImages(named);
        const asked = {
          ...fromArguments(given),
          ...withoutAbsent({ strength, mask: painted }),
          ...(painted ? { keepUnmasked: true } : {}),
          inputImages: first ? [first] : [],
        };
        return await makeForTool(context, mcp, { asked, shape: editShape, given }, call);
      }),
  );
  server.registerTool(
    'list_models',
    { title: 'List the models', description: 'Lists the models and what each can do.', inputSchema: {} },
    async () =>
      await asTool(request, async () => {
        assertScope(request.apiKey, 'read');
        const models = context.manager.getAvailableModels().filter(({ available }) => available);
        return { content: [{ type: 'text', text: JSON.stringify(models) }] };
      }),
  );
  addJobTools(server, context, mcp);
  return server;
}
