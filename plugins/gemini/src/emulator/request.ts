/**
 * What the emulator takes for a request to `generateContent`, and what it refuses, in the provider's manner.
 *
 * @module
 */

import type { Answer } from '@easel/plugin-sdk/emulator';
import { z } from 'zod';
import { invalidArgument } from './errors.js';
import type { GeminiModel } from './models.js';
import { problemOfTurns } from './signatures.js';

export const inputMediaTypes = ['image/png', 'image/jpeg', 'image/webp', 'image/heic', 'image/heif'] as const;
/** ai.google.dev/gemini-api/docs/image-generation: reference images of a request. */
const mostInputImages = 14;
/** Bytes of a request whose pictures are inline: ai.google.dev/gemini-api/docs/file-input-methods. */
export const mostBytes = 100 * 1024 * 1024;

const marks = { thought: z.boolean().optional(), thoughtSignature: z.base64().optional() };
const inlineData = z.strictObject({ mimeType: z.enum(inputMediaTypes), data: z.base64() });
const partSchema = z.union([
  z.strictObject({ text: z.string(), ...marks }),
  z.strictObject({ inlineData, ...marks }),
]);
const contentSchema = z.strictObject({
  role: z.enum(['user', 'model']).optional(),
  parts: z.array(partSchema).min(1),
});

const requestSchema = z.strictObject({
  contents: z.array(contentSchema).min(1),
  systemInstruction: contentSchema.optional(),
  safetySettings: z
    .array(
      z.strictObject({
        category: z.string().regex(/^HARM_CATEGORY_/),
        threshold: z.enum([
          'BLOCK_NONE',
          'BLOCK_ONLY_HIGH',
          'BLOCK_MEDIUM_AND_ABOVE',
          'BLOCK_LOW_AND_ABOVE',
          'OFF',
        ]),
      }),
    )
    .optional(),
  serviceTier: z.enum(['standard', 'flex', 'priority']).optional(),
  generationConfig: z
    .strictObject({
      temperature: z.number().min(0).max(2).optional(),
      topP: z.number().min(0).max(1).optional(),
      seed: z.int().optional(),
      candidateCount: z.literal(1).optional(),
      maxOutputTokens: z.int().positive().optional(),
      responseModalities: z.array(z.enum(['TEXT', 'IMAGE'])).optional(),
      responseMimeType: z.enum(['text/plain', 'application/json']).optional(),
      responseSchema: z.record(z.string(), z.unknown()).optional(),
      thinkingConfig: z
        .strictObject({
          thinkingLevel: z.enum(['MINIMAL', 'LOW', 'MEDIUM', 'HIGH']).optional(),
          includeThoughts: z.boolean().optional(),
        })
        .optional(),
      imageConfig: z
        .strictObject({ aspectRatio: z.string().optional(), imageSize: z.string().optional() })
        .optional(),
    })
    .optional(),
});
export type GenerateContentRequest = z.output<typeof requestSchema>;

/** The request, or the answer that refuses it. */
export function readRequest(
  model: GeminiModel,
  body: Buffer,
  json: unknown,
): { readonly request: GenerateContentRequest } | { readonly refusal: Answer } {
  if (body.byteLength > mostBytes)
    return { refusal: invalidArgument(`Request payload size exceeds the limit: ${mostBytes} bytes.`) };
  const parsed = requestSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.map(String).join('.');
    return {
      refusal: invalidArgument(`Invalid JSON payload received. At '${where}': ${issue?.message}`),
    };
  }
  const problem = problemOf(model, parsed.data);
  return problem === undefined ? { request: parsed.data } : { refusal: invalidArgument(problem) };
}

/** What a model does not take of a request. Undefined: it takes all of it. */
export function problemOf(model: GeminiModel, { contents, generationConfig }: GenerateContentRequest) {
  const { aspectRatio, imageSize } = generationConfig?.imageConfig ?? {};
  const wantsImage = generationConfig?.responseModalities?.includes('IMAGE');
  if (model.kind === 'text') {
    if (generationConfig?.imageConfig) return 'Image config is not supported by this model.';
    return wantsImage ? 'This model does not support the requested response modalities: image' : undefined;
  }
  if (generationConfig?.responseMimeType === 'application/json')
    return 'JSON mode is not enabled for this model';
  if (aspectRatio !== undefined && !model.aspectRatios.has(aspectRatio))
    return `aspect_ratio must be one of ${[...model.aspectRatios].join(', ')}.`;
  if (imageSize !== undefined && !Object.hasOwn(model.tokens, imageSize))
    return `image_size must be one of ${Object.keys(model.tokens).join(', ')}.`;
  const level = generationConfig?.thinkingConfig?.thinkingLevel;
  if (level !== undefined && !model.thinkingLevels.has(level))
    return `Thinking level ${level} is not supported for this model.`;
  const pictures = contents.flatMap(({ parts }) => parts).filter((part) => 'inlineData' in part);
  if (pictures.length > mostInputImages) return `Too many images: at most ${mostInputImages} are supported.`;
  const broken = pictures.some(({ inlineData }) => !isPicture(Buffer.from(inlineData.data, 'base64')));
  return broken
    ? 'Unable to process input image. Please retry or report in https://ai.google.dev.'
    : problemOfTurns(contents, model);
}

const isPicture = (bytes: Buffer) =>
  bytes.readUInt32BE(0) === 0x89504e47 ||
  bytes.readUInt16BE(0) === 0xffd8 ||
  bytes.toString('latin1', 0, 4) === 'RIFF';
