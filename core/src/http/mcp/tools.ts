import { imageRequestSchema } from '@easel/plugin-sdk';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { coreVersion } from '../../version.js';
import { assertScope } from '../access/authenticate.js';
import { fromBase64, readInputImages } from '../input-image.js';
import { makeResult } from '../make-result.js';
import { parseSize } from '../parse-body.js';
import { defaultDelivery, withoutAbsent } from '../request-fields.js';
import type { ServerContext } from '../server-context.js';
import { answerTo } from '../server-paths.js';

const field = imageRequestSchema.shape;
const generateShape = {
  prompt: field.prompt,
  model: field.model,
  negative_prompt: field.negativePrompt,
  size: z.string().optional().describe('WIDTHxHEIGHT in pixels, such as 768x512.'),
  seed: field.seed,
  steps: field.steps,
  n: z.int().min(1).max(4).optional().describe('How many pictures, 1 to 4.'),
};
const editShape = {
  ...generateShape,
  image: z.string().describe('The picture to start from, as base64 or a data URL.'),
  mask: z.string().optional().describe('Where to paint, white, as base64 or a data URL.'),
  strength: field.strength,
};
type Asked = z.output<z.ZodObject<typeof generateShape>>;

/** The tools that a model may use: make a picture, edit one, list the models. One server a request: there is no session to lose. */
export function createMcpServer(
  context: ServerContext,
  call: { readonly request: FastifyRequest; readonly reply: FastifyReply },
): McpServer {
  const { request } = call;
  const { apiKey: key } = request;
  const server = new McpServer({ name: 'easel', version: coreVersion });

  const make = async (asked: Asked, more: object): Promise<CallToolResult> => {
    assertScope(key, 'generate');
    const { prompt, model, negative_prompt: negativePrompt, seed, steps, n, size } = asked;
    const wanted = {
      ...withoutAbsent({ model, negativePrompt, seed, steps, n }),
      ...parseSize(size),
      ...more,
      prompt,
    };
    const { images, provenance, warnings } = await makeResult(context, wanted, defaultDelivery, call);
    const about = {
      model: provenance.model,
      plugin: provenance.plugin.id,
      parameters: provenance.parameters,
      warnings,
    };
    return {
      content: [
        ...images.map(({ bytes, mediaType: mimeType }) => ({
          type: 'image' as const,
          data: Buffer.from(bytes).toString('base64'),
          mimeType,
        })),
        { type: 'text', text: JSON.stringify(about) },
      ],
    };
  };

  server.registerTool(
    'generate_image',
    { title: 'Make pictures', description: 'Makes pictures from words.', inputSchema: generateShape },
    async (asked) => await asTool(request, () => make(asked, {})),
  );
  server.registerTool(
    'edit_image',
    {
      title: 'Edit a picture',
      description: 'Makes a picture from another one and words.',
      inputSchema: editShape,
    },
    async ({ image, mask, strength, ...asked }) =>
      await asTool(request, async () => {
        const masks = mask === undefined ? [] : [fromBase64(mask, 'mask')];
        const [first, painted] = await readInputImages([fromBase64(image, 'image'), ...masks]);
        const inputImages = first ? [first] : [];
        const masked = painted ? { mask: painted, keepUnmasked: true } : {};
        return await make(asked, { inputImages, ...masked, ...withoutAbsent({ strength }) });
      }),
  );
  server.registerTool(
    'list_models',
    { title: 'List the models', description: 'Lists the models and what each can do.', inputSchema: {} },
    async () =>
      await asTool(request, async () => {
        assertScope(key, 'read');
        const models = context.manager.getAvailableModels().filter(({ available }) => available);
        return { content: [{ type: 'text', text: JSON.stringify(models) }] };
      }),
  );
  return server;
}

/** A failure as the model that called reads it: what happened, and what to do. */
async function asTool(request: FastifyRequest, work: () => Promise<CallToolResult>): Promise<CallToolResult> {
  try {
    return await work();
  } catch (error) {
    const { code, message, hint } = answerTo(request, error);
    return {
      isError: true,
      content: [{ type: 'text', text: [`${code}: ${message}`, hint].filter(Boolean).join(' ') }],
    };
  }
}
