/**
 * What `generateContent` answers, as far as it is read here: ai.google.dev/api/generate-content. Fields that are added later do no harm.
 *
 * @module
 */
import { z } from 'zod';

const tokenCount = z.number().nonnegative().catch(0).default(0);

const partSchema = z.object({
  text: z.string().optional(),
  /** Thoughts, in words or pictures; not what was asked for. */
  thought: z.boolean().optional(),
  inlineData: z.object({ mimeType: z.string(), data: z.string() }).optional(),
});

export const answerSchema = z.object({
  candidates: z
    .array(
      z.object({
        content: z.object({ parts: z.array(partSchema).default([]) }).optional(),
        finishReason: z.string().optional(),
        finishMessage: z.string().optional(),
      }),
    )
    .default([]),
  promptFeedback: z
    .object({ blockReason: z.string().optional(), blockReasonMessage: z.string().optional() })
    .optional(),
  usageMetadata: z
    .object({
      promptTokenCount: tokenCount,
      candidatesTokenCount: tokenCount,
      thoughtsTokenCount: tokenCount,
      candidatesTokensDetails: z
        .array(z.object({ modality: z.string(), tokenCount }))
        .catch([])
        .default([]),
    })
    .optional(),
  modelVersion: z.string().optional(),
});
export type ModelAnswer = z.output<typeof answerSchema>;
export type Usage = NonNullable<ModelAnswer['usageMetadata']>;

const partsOf = ({ candidates }: ModelAnswer) =>
  candidates.flatMap(({ content }) => content?.parts ?? []).filter(({ thought }) => !thought);

export interface InlinePicture {
  readonly mimeType: string;
  /** Base64. */
  readonly data: string;
}

/** The pictures, without those of the model's thoughts. */
export const picturesOf = (answer: ModelAnswer): InlinePicture[] =>
  partsOf(answer).flatMap(({ inlineData }) =>
    inlineData?.mimeType.startsWith('image/') ? [inlineData] : [],
  );

/** What the model said, without its thoughts; empty where it said nothing. */
export const wordsOf = (answer: ModelAnswer): string =>
  partsOf(answer)
    .map(({ text }) => text ?? '')
    .join('')
    .trim();

/** Errors of the API: google.rpc.Status as JSON, ai.google.dev/gemini-api/docs/troubleshooting. */
export const errorBodySchema = z.object({
  error: z.object({
    message: z.string().default(''),
    status: z.string().default(''),
    details: z.array(z.record(z.string(), z.unknown())).catch([]).default([]),
  }),
});
export type ErrorBody = z.output<typeof errorBodySchema>['error'];
