/**
 * What interactions are answered as: `Interaction` of `@google/genai`.
 *
 * @module
 */
import { answerSchema, type ModelAnswer, type Usage } from '../answer.js';
import type { Made } from './answer.js';
import { type GenerateContentRequest, inputMediaTypes } from './request.js';

/** One that was asked for. */
export interface EmulatedInteraction {
  readonly id: string;
  readonly model: string;
  readonly isInBackground: boolean;
  readonly createdAt: number;
  /** Milliseconds since 1970 from which on it has ended. */
  readonly readyAt: number;
  /** Pictures that it makes. */
  readonly count: number;
  /** All that was said, with what was said before. */
  readonly request: GenerateContentRequest;
  readonly previous: string | undefined;
  isCancelled: boolean;
  /** The same each time. */
  make(): Promise<Made>;
}

/** How it is. */
export const statusOf = ({ isCancelled, readyAt }: EmulatedInteraction) =>
  isCancelled ? 'cancelled' : Date.now() < readyAt ? 'in_progress' : 'completed';

/** What `generateContent` would have answered. */
const answerOf = async ({ make }: EmulatedInteraction) => answerSchema.parse((await make()).body);
const partsOf = ({ candidates }: ModelAnswer) => candidates.flatMap(({ content }) => content?.parts ?? []);
type Part = ReturnType<typeof partsOf>[number];

const mediaTypeOf = ({ mimeType }: { readonly mimeType: string }) =>
  inputMediaTypes.find((type) => type === mimeType) ?? 'image/jpeg';

/** The turn of an interaction and those before it, as `generateContent` takes them. */
export async function turnsOf(interaction: EmulatedInteraction): Promise<GenerateContentRequest['contents']> {
  const said = partsOf(await answerOf(interaction)).filter(({ thought = false }) => !thought);
  const parts = said.map(({ text = '', inlineData }) =>
    inlineData ? { inlineData: { mimeType: mediaTypeOf(inlineData), data: inlineData.data } } : { text },
  );
  return [...interaction.request.contents, { role: 'model', parts }];
}

/** As the API shows it; what it was asked is left out. */
export async function describe(interaction: EmulatedInteraction): Promise<Readonly<Record<string, unknown>>> {
  const { id, model, createdAt, previous } = interaction;
  const status = statusOf(interaction);
  const frame = {
    ...{ id, object: 'interaction', model, status, created: new Date(createdAt).toISOString() },
    updated: new Date().toISOString(),
    ...(previous === undefined ? {} : { previous_interaction_id: previous }),
  };
  if (status !== 'completed') return frame;
  const answered = await answerOf(interaction);
  const [candidate] = answered.candidates;
  const { blockReason, blockReasonMessage } = answered.promptFeedback ?? {};
  const reason = blockReason ?? (candidate?.content ? undefined : candidate?.finishReason);
  const message = blockReasonMessage ?? candidate?.finishMessage ?? `The request was blocked: ${reason}.`;
  const usage = answered.usageMetadata && usageOf(answered.usageMetadata);
  if (reason !== undefined) return { ...frame, status: 'failed', errors: [{ code: reason, message }], usage };
  return { ...frame, steps: stepsOf(partsOf(answered)), usage };
}

/** Thoughts are steps of their own. */
function stepsOf(parts: readonly Part[]): unknown[] {
  const contents = (areThoughts: boolean) =>
    parts
      .filter(({ thought = false }) => thought === areThoughts)
      .map(({ text, inlineData }) =>
        inlineData
          ? { type: 'image', mime_type: inlineData.mimeType, data: inlineData.data }
          : { type: 'text', text },
      );
  const [thoughts, output] = [contents(true), contents(false)];
  return [
    ...(thoughts.length > 0 ? [{ type: 'thought', signature: 'c2lnbmVk', summary: thoughts }] : []),
    ...(output.length > 0 ? [{ type: 'model_output', content: output }] : []),
  ];
}

const usageOf = ({
  promptTokenCount,
  candidatesTokenCount,
  thoughtsTokenCount,
  candidatesTokensDetails,
}: Usage) => ({
  total_input_tokens: promptTokenCount,
  total_output_tokens: candidatesTokenCount,
  total_thought_tokens: thoughtsTokenCount,
  total_tokens: promptTokenCount + candidatesTokenCount + thoughtsTokenCount,
  output_tokens_by_modality: candidatesTokensDetails.map(({ modality, tokenCount }) => ({
    modality: modality.toLowerCase(),
    tokens: tokenCount,
  })),
});
