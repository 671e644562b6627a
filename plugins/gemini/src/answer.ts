/**
 * What `generateContent` answers, as far as it is read here: ai.google.dev/api/generate-content. Fields that
 * are added later do no harm.
 *
 * @module
 */
import { z } from 'zod';

export const tokenCount = z.number().nonnegative().catch(0).default(0);

/**
 * A field that is not as it should be is as if it were not there: an answer that is paid is not thrown away
 * for it.
 */
export const lenient = <Schema extends z.ZodType>(schema: Schema) => schema.optional().catch(undefined);
export const text = lenient(z.string());

const partSchema = z.object({
  text,
  /** Thoughts, in words or pictures; not what was asked for. */
  thought: lenient(z.boolean()),
  /** Sent back with the part when the conversation goes on. */
  thoughtSignature: text,
  inlineData: lenient(z.object({ mimeType: z.string(), data: z.string() })),
});

/** Tokens that an answer used. */
export const usageSchema = z.object({
  promptTokenCount: tokenCount,
  candidatesTokenCount: tokenCount,
  thoughtsTokenCount: tokenCount,
  candidatesTokensDetails: z
    .array(z.object({ modality: z.string(), tokenCount }))
    .catch([])
    .default([]),
});
export type Usage = z.output<typeof usageSchema>;

export const answerSchema = z.object({
  candidates: z
    .array(
      z.object({
        content: lenient(z.object({ parts: z.array(partSchema).default([]) })),
        finishReason: text,
        finishMessage: text,
      }),
    )
    .nullish()
    .transform((candidates) => candidates ?? []),
  promptFeedback: lenient(z.object({ blockReason: text, blockReasonMessage: text })),
  usageMetadata: lenient(usageSchema),
  modelVersion: text,
});
export type ModelAnswer = z.output<typeof answerSchema>;

const partsOf = ({ candidates }: ModelAnswer) => candidates.flatMap(({ content }) => content?.parts ?? []);

export interface InlinePicture {
  readonly mimeType: string;
  /** Base64. */
  readonly data: string;
}

export const bytesOf = ({ data }: Pick<InlinePicture, 'data'>) => new Uint8Array(Buffer.from(data, 'base64'));

/** The pictures of an answer. */
export interface AnsweredPictures {
  readonly pictures: readonly InlinePicture[];
  /** Whether the only ones are marked as the model's thoughts. */
  readonly areThoughts: boolean;
}

/**
 * The pictures, without those of the model's thoughts; the last of these where there is no other: models mark
 * the picture that they were asked for as a thought at times, and it is paid. Not so where Google has held
 * the picture back.
 */
export function picturesOf(answer: ModelAnswer): AnsweredPictures {
  const drawn = partsOf(answer).flatMap(({ inlineData, thought = false }) =>
    inlineData?.mimeType.startsWith('image/') ? [{ inlineData, thought }] : [],
  );
  const asked = drawn.filter(({ thought }) => !thought);
  const used = asked.length > 0 || isRefused(answer) ? asked : drawn.slice(-1);
  return {
    pictures: used.map(({ inlineData }) => inlineData),
    areThoughts: used.some(({ thought }) => thought),
  };
}

/** Reasons to stop that are about content: `FinishReason` of ai.google.dev/api/generate-content. */
const contentReasons: ReadonlySet<string> = new Set([
  'SAFETY',
  'RECITATION',
  'LANGUAGE',
  'BLOCKLIST',
  'PROHIBITED_CONTENT',
  'SPII',
  'IMAGE_SAFETY',
  'IMAGE_PROHIBITED_CONTENT',
  'IMAGE_RECITATION',
]);

/** Whether Google has held back what was asked for, on grounds of content. */
export const isRefused = ({ promptFeedback, candidates }: ModelAnswer): boolean =>
  promptFeedback?.blockReason !== undefined ||
  candidates.some(({ finishReason = '' }) => contentReasons.has(finishReason));

/**
 * Whether the model meant to draw and did not, and no picture is counted among what is paid: the same request
 * mostly succeeds. `NO_IMAGE` of ai.google.dev/api/generate-content#FinishReason.
 */
export const isMissed = (answer: ModelAnswer): boolean => {
  const { usageMetadata: usage, candidates } = answer;
  if (!usage || isRefused(answer) || picturesOf(answer).pictures.length > 0) return false;
  const listed = usage.candidatesTokensDetails.filter(({ tokenCount }) => tokenCount > 0);
  const isUnpaid =
    listed.length === 0
      ? usage.candidatesTokenCount === 0
      : listed.every(({ modality }) => modality !== 'IMAGE');
  return isUnpaid && candidates.some(({ finishReason }) => finishReason === 'NO_IMAGE');
};

/** What the model said, without its thoughts; empty where it said nothing. */
export const wordsOf = (answer: ModelAnswer): string =>
  partsOf(answer)
    .map((part) => (part.thought ? '' : (part.text ?? '')))
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
