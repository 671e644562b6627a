/**
 * What the Interactions API answers, as far as it is read here: ai.google.dev/gemini-api/docs/interactions
 * and the types of `@google/genai`. Fields that are added later do no harm.
 *
 * @module
 */
import type { ImageSource } from '@easel/plugin-sdk/provider';
import { z } from 'zod';
import { lenient, type ModelAnswer, text, tokenCount, type Usage } from '../answer.js';

/** Ids that Google gives, such as `v1_Chdqb2U`. */
export const interactionId = z.string().regex(/^[\w-]{1,1000}$/);

const blockSchema = z.object({
  type: text,
  text,
  /** Base64. */
  data: text,
  mime_type: text,
  uri: text,
});
type Block = z.output<typeof blockSchema>;
const blocksSchema = z.array(blockSchema).catch([]).default([]);

/** What went wrong with one step. */
const problem = lenient(z.object({ message: text }));

export const interactionSchema = z.object({
  id: z.string(),
  status: z.string(),
  steps: z
    .array(z.object({ type: text, content: blocksSchema, summary: blocksSchema, error: problem }))
    .catch([])
    .default([]),
  errors: z
    .array(z.object({ code: text, message: text }))
    .catch([])
    .default([]),
  usage: lenient(
    z.object({
      total_input_tokens: tokenCount,
      total_output_tokens: tokenCount,
      total_thought_tokens: tokenCount,
      output_tokens_by_modality: z
        .array(z.object({ modality: z.string(), tokens: tokenCount }))
        .catch([])
        .default([]),
    }),
  ),
});
export type Interaction = z.output<typeof interactionSchema>;

/** What the model made: not what was said to it, which Google gives back as well. */
const blocksOf = ({ steps }: Interaction): { readonly block: Block; readonly isThought: boolean }[] =>
  steps.flatMap(({ type, content, summary }) => {
    const blocks = type === 'model_output' ? content : type === 'thought' ? summary : [];
    return blocks.map((block) => ({ block, isThought: type === 'thought' }));
  });

const sourceOf = ({ data, uri }: Block): ImageSource | undefined =>
  data !== undefined ? { base64: data } : uri !== undefined ? { url: uri } : undefined;

/** The pictures, without those of the model's thoughts; the last of these where there is no other. */
export function picturesOf(interaction: Interaction): {
  readonly pictures: readonly ImageSource[];
  readonly areThoughts: boolean;
} {
  const drawn = blocksOf(interaction).flatMap(({ block, isThought }) => {
    const source = block.type === 'image' ? sourceOf(block) : undefined;
    return source ? [{ source, isThought }] : [];
  });
  const asked = drawn.filter(({ isThought }) => !isThought);
  const used = asked.length > 0 ? asked : drawn.slice(-1);
  return {
    pictures: used.map(({ source }) => source),
    areThoughts: used.some(({ isThought }) => isThought),
  };
}

/** What Google says went wrong; empty where it says nothing. */
export const problemsOf = ({ errors, steps }: Interaction): string =>
  [
    ...errors.flatMap(({ code, message }) => [code, message].filter(Boolean).join(': ') || []),
    ...steps.flatMap(({ error }) => error?.message ?? []),
  ].join('; ');

export function usageOf({ usage }: Interaction): Usage | undefined {
  if (!usage) return undefined;
  return {
    promptTokenCount: usage.total_input_tokens,
    candidatesTokenCount: usage.total_output_tokens,
    thoughtsTokenCount: usage.total_thought_tokens,
    candidatesTokensDetails: usage.output_tokens_by_modality.map(({ modality, tokens }) => ({
      modality: modality.toUpperCase(),
      tokenCount: tokens,
    })),
  };
}

/** The words, as `generateContent` would have answered them. */
export const wordsAnswer = (interaction: Interaction): ModelAnswer => ({
  candidates: [
    {
      content: {
        parts: blocksOf(interaction).map(({ block, isThought }) => ({
          text: block.text,
          thought: isThought,
        })),
      },
      finishReason: interaction.status === 'completed' ? 'STOP' : interaction.status,
      finishMessage: undefined,
    },
  ],
  promptFeedback: undefined,
  usageMetadata: usageOf(interaction),
  modelVersion: undefined,
});
