/**
 * What the emulator takes for a request to the Interactions API, and what it refuses: `CreateModelInteraction`
 * of `@google/genai` and ai.google.dev/gemini-api/docs/interactions.
 *
 * @module
 */
import type { Answer } from '@easel/plugin-sdk/emulator';
import { z } from 'zod';
import { invalidArgument } from './errors.js';
import type { GeminiModel } from './models.js';
import { type GenerateContentRequest, inputMediaTypes, mostBytes, problemOf } from './request.js';

const contentSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text'), text: z.string() }),
  z.strictObject({ type: z.literal('image'), mime_type: z.enum(inputMediaTypes), data: z.base64() }),
]);
type Content = z.output<typeof contentSchema>;

const formatSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text') }),
  z.strictObject({
    type: z.literal('image'),
    aspect_ratio: z.string().optional(),
    image_size: z.string().optional(),
    mime_type: z.literal('image/jpeg').optional(),
    delivery: z.literal('inline').optional(),
  }),
]);

const requestSchema = z.strictObject({
  model: z.string().min(1),
  input: z.union([
    z.string().transform((text): Content[] => [{ type: 'text', text }]),
    z.array(contentSchema).min(1),
  ]),
  background: z.boolean().default(false),
  store: z.boolean().default(true),
  stream: z.literal(false).optional(),
  previous_interaction_id: z.string().min(1).optional(),
  response_format: z.union([formatSchema.transform((format) => [format]), z.array(formatSchema)]).optional(),
  generation_config: z
    .strictObject({
      temperature: z.number().min(0).max(2).optional(),
      top_p: z.number().min(0).max(1).optional(),
      seed: z.int().optional(),
      max_output_tokens: z.int().positive().optional(),
      thinking_level: z.enum(['minimal', 'low', 'medium', 'high']).optional(),
    })
    .optional(),
  service_tier: z.enum(['standard', 'flex', 'priority']).optional(),
  system_instruction: z.string().optional(),
  safety_settings: z
    .array(
      z.strictObject({
        type: z.enum([
          'harassment',
          'hate_speech',
          'sexually_explicit',
          'dangerous_content',
          'civic_integrity',
        ]),
        threshold: z.enum([
          'block_low_and_above',
          'block_medium_and_above',
          'block_only_high',
          'block_none',
          'off',
        ]),
      }),
    )
    .optional(),
});
export type InteractionRequest = z.output<typeof requestSchema>;

/** The name of the model that a request is for. Undefined: it names none. */
export const modelOf = (json: unknown): string | undefined =>
  z.object({ model: z.string() }).safeParse(json).data?.model;

/** The request, or the answer that refuses it. */
export function readInteraction(
  model: GeminiModel,
  body: Buffer,
  json: unknown,
): { readonly request: InteractionRequest } | { readonly refusal: Answer } {
  if (body.byteLength > mostBytes)
    return { refusal: invalidArgument(`Request payload size exceeds the limit: ${mostBytes} bytes.`) };
  const parsed = requestSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.map(String).join('.');
    return { refusal: invalidArgument(`Invalid request at '${where}': ${issue?.message}`) };
  }
  const request = parsed.data;
  if (request.background && !request.store)
    return { refusal: invalidArgument('store must be true for an interaction in the background.') };
  const problem = problemOf(model, asContents(request));
  return problem === undefined ? { request } : { refusal: invalidArgument(problem) };
}

/** The same as a request to `generateContent`, after what was said before. */
export function asContents(
  { input, response_format: formats = [], generation_config: generation }: InteractionRequest,
  history: GenerateContentRequest['contents'] = [],
): GenerateContentRequest {
  const parts = input.map((content) =>
    content.type === 'text'
      ? { text: content.text }
      : { inlineData: { mimeType: content.mime_type, data: content.data } },
  );
  const image = formats.find((format) => format.type === 'image');
  const level = { minimal: 'MINIMAL', low: 'LOW', medium: 'MEDIUM', high: 'HIGH' } as const;
  return {
    contents: [...history, { role: 'user', parts }],
    generationConfig: {
      responseModalities: formats.map(({ type }) => (type === 'image' ? 'IMAGE' : 'TEXT')),
      ...(image ? { imageConfig: { aspectRatio: image.aspect_ratio, imageSize: image.image_size } } : {}),
      ...(generation?.thinking_level === undefined
        ? {}
        : { thinkingConfig: { thinkingLevel: level[generation.thinking_level] } }),
    },
  };
}
