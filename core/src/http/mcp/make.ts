import { type ImageRequest, imageRequestSchema, type Warning } from '@easel/plugin-sdk';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { assertScope } from '../access/authenticate.js';
import { warningsInCallersWords } from '../field-names.js';
import { storeAndDescribe } from '../images/generate.js';
import { makeResult } from '../make-result.js';
import { parseSize } from '../parse-body.js';
import { defaultDelivery, withoutAbsent } from '../request-fields.js';
import { resultUrl, type ServerContext } from '../server-context.js';
import { warnOfUnknownArguments } from './arguments.js';
import { mcpFieldNames } from './field-names.js';
import { type ToolCall, tellProgress } from './progress.js';
import type { RunningCalls } from './running-calls.js';

const field = imageRequestSchema.shape;

/** Arguments of the tools that make images. */
export const generateShape = {
  prompt: field.prompt,
  model: field.model,
  negative_prompt: field.negativePrompt,
  size: z.string().optional().describe('WIDTHxHEIGHT in pixels, such as 768x512.'),
  seed: field.seed,
  steps: field.steps,
  n: z.int().min(1).max(4).optional().describe('How many pictures, 1 to 4.'),
};
export type GenerateArguments = z.output<z.ZodObject<typeof generateShape>>;

/** The request that a tool is called by. */
export interface McpRequest {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly calls: RunningCalls;
}

/** What the kernel is asked for. */
export const fromArguments = ({ negative_prompt, size, ...asked }: GenerateArguments): ImageRequest => ({
  ...withoutAbsent({
    model: asked.model,
    negativePrompt: negative_prompt,
    seed: asked.seed,
    steps: asked.steps,
    n: asked.n,
  }),
  ...parseSize(size),
  prompt: asked.prompt,
});

/**
 * Makes the images of a call, stores them, and answers each as an image and as a link to it, and how they
 * were made.
 *
 * @param shape arguments that the tool has
 * @param given those of the call
 */
export async function makeForTool(
  context: ServerContext,
  { request, reply, calls }: McpRequest,
  { asked, shape, given }: { asked: ImageRequest; shape: z.ZodRawShape; given: object },
  call: ToolCall,
): Promise<CallToolResult> {
  assertScope(request.apiKey, 'generate');
  const progress = tellProgress(call);
  const result = await calls
    .run(request, call.requestId, (cancelled) =>
      makeResult(context, asked, defaultDelivery, {
        request,
        reply,
        cancelled,
        ...(progress ? { onProgress: progress.onProgress } : {}),
      }),
    )
    .finally(() => progress?.stop());
  const { images, provenance } = result;
  const warnings: Warning[] = [
    ...warningsInCallersWords(result.warnings, mcpFieldNames),
    ...warnOfUnknownArguments(shape, given),
  ];
  const about = {
    model: provenance.model,
    plugin: provenance.plugin.id,
    parameters: provenance.parameters,
    warnings,
  };
  const stored = await storeAndDescribe(context, request.apiKey?.id ?? '', result, {
    urlOf: (name) => resultUrl(context, request, name),
    thumbnailOf: (name) => resultUrl(context, request, name, 'thumbnail'),
    pathOf: () => '',
  });
  return {
    content: [
      ...images.map(({ bytes, mediaType: mimeType }) => ({
        type: 'image' as const,
        data: Buffer.from(bytes).toString('base64'),
        mimeType,
      })),
      ...stored.images.map(({ image_url: uri, media_type: mimeType }, index) => ({
        type: 'resource_link' as const,
        uri,
        name: `image-${index + 1}`,
        mimeType,
      })),
      { type: 'text', text: JSON.stringify(about) },
    ],
  };
}
