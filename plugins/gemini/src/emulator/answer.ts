/**
 * What the models answer: `GenerateContentResponse` of ai.google.dev/api/generate-content.
 *
 * @module
 */
import type { Fault } from '@easel/plugin-sdk/emulator';
import { drawPicture, subjectOf } from '@easel/plugin-sdk/emulator';
import { type ImageModel, sizeOf } from './models.js';
import type { GenerateContentRequest } from './request.js';
import { signatureOf } from './signatures.js';

/** What a model does otherwise than it was asked to. */
export interface GeminiFault extends Fault {
  /** Refuses: the prompt, with `blockReason`; the picture, with `finishReason`; or in words alone. */
  readonly refuse?:
    | { readonly blockReason: string; readonly blockReasonMessage?: string }
    | { readonly finishReason: string; readonly finishMessage?: string }
    | { readonly text: string };
  /** Pictures in one answer. Absent: 1. */
  readonly pictures?: number;
  /**
   * Sends a picture of its thoughts before the one that was asked for, or marks each as a thought. Absent:
   * no.
   */
  readonly thinks?: boolean | 'only';
  /** Tokens that are counted, and not listed by modality. Absent: none. */
  readonly unlistedTokens?: number;
  /** Absent: png. */
  readonly format?: 'png' | 'jpeg';
  /** What a text model answers. Absent: the prompt with some words more. */
  readonly text?: string;
  /** Milliseconds that an interaction in the background takes. Absent: 20. */
  readonly workMs?: number;
}

/** A body to answer with, and how many pictures of it are paid for. */
export interface Made {
  readonly body: Readonly<Record<string, unknown>>;
  readonly pictures: number;
}

/** Tokens of a picture that is sent. */
const inputPictureTokens = 1120;
const answerTokens = 20;

/** The prompt as the emulator's text models would word it. */
export const enhanced = (prompt: string) => `${prompt}, in soft light, seen from a low angle`;

const partsOf = ({ contents }: GenerateContentRequest) => {
  const parts = contents.flatMap((content) => content.parts);
  const asked = contents.flatMap((content) => (content.role === 'model' ? [] : content.parts));
  const prompt = asked.flatMap((part) => ('text' in part ? [part.text] : [])).join('\n');
  const inputs = parts.flatMap((part) =>
    'inlineData' in part ? [Buffer.from(part.inlineData.data, 'base64')] : [],
  );
  return { prompt, inputs };
};

const usageOf = (request: GenerateContentRequest, output: Readonly<Record<'TEXT' | 'IMAGE', number>>) => {
  const { prompt, inputs } = partsOf(request);
  const promptTokenCount = Math.ceil(prompt.length / 4) + inputs.length * inputPictureTokens;
  const details = Object.entries(output).filter(([, tokenCount]) => tokenCount > 0);
  const candidatesTokenCount = output.TEXT + output.IMAGE;
  return {
    promptTokenCount,
    ...(candidatesTokenCount === 0 ? {} : { candidatesTokenCount }),
    totalTokenCount: promptTokenCount + candidatesTokenCount,
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: promptTokenCount }],
    candidatesTokensDetails: details.map(([modality, tokenCount]) => ({ modality, tokenCount })),
  };
};

let responses = 0;
const frame = (name: string) => ({ modelVersion: name, responseId: `response-${++responses}` });
const candidate = (parts: readonly unknown[], more: Readonly<Record<string, unknown>> = {}) => ({
  index: 0,
  finishReason: 'STOP',
  ...(parts.length === 0 ? {} : { content: { role: 'model', parts } }),
  ...more,
});

/** A refusal; nothing of it is paid but the prompt. */
export function refusal(
  name: string,
  request: GenerateContentRequest,
  refuse: NonNullable<GeminiFault['refuse']>,
): Made {
  const usageMetadata = usageOf(request, { TEXT: 'text' in refuse ? answerTokens : 0, IMAGE: 0 });
  const body =
    'blockReason' in refuse
      ? { promptFeedback: refuse }
      : { candidates: ['text' in refuse ? candidate([refuse]) : candidate([], refuse)] };
  return { body: { ...body, usageMetadata, ...frame(name) }, pictures: 0 };
}

/** Pictures of the prompt and of what came with it, in the size that was asked for. */
export async function pictures(
  name: string,
  model: ImageModel,
  request: GenerateContentRequest,
  { pictures: count = 1, thinks = false, unlistedTokens = 0, format = 'png' }: GeminiFault,
  serial: number,
): Promise<Made> {
  const { aspectRatio = '1:1', imageSize = '1K' } = request.generationConfig?.imageConfig ?? {};
  const { prompt, inputs } = partsOf(request);
  const size = sizeOf(aspectRatio, imageSize);
  const draw = async (subject: string, number: number) => ({
    inlineData: {
      mimeType: `image/${format}`,
      data: (await drawPicture(subject, { ...size, format, serial: number })).toString('base64'),
    },
  });
  const parts: unknown[] = [];
  if (thinks) parts.push({ ...(await draw('a thought', 0)), thought: true });
  const text = 'Here it is.';
  if (request.generationConfig?.responseModalities?.includes('TEXT'))
    parts.push({ text, thoughtSignature: signatureOf(text) });
  for (let index = 0; index < count; index++) {
    const drawn = await draw(subjectOf(prompt, inputs), serial + index);
    const marks =
      thinks === 'only' ? { thought: true } : { thoughtSignature: signatureOf(drawn.inlineData.data) };
    parts.push({ ...drawn, ...marks });
  }
  const usageMetadata = usageOf(request, { TEXT: 0, IMAGE: count * (model.tokens[imageSize] ?? 0) });
  const thoughts = thinks ? { thoughtsTokenCount: 300 } : {};
  const counted = {
    candidatesTokenCount: (usageMetadata.candidatesTokenCount ?? 0) + unlistedTokens,
    totalTokenCount: usageMetadata.totalTokenCount + unlistedTokens,
  };
  return {
    body: {
      candidates: [candidate(parts)],
      usageMetadata: { ...usageMetadata, ...counted, ...thoughts },
      ...frame(name),
    },
    pictures: count,
  };
}

/** Words; as JSON with the one field `prompt`, where JSON was asked for. */
export function words(name: string, request: GenerateContentRequest, text: string | undefined): Made {
  const isJson = request.generationConfig?.responseMimeType === 'application/json';
  const prompt = enhanced(partsOf(request).prompt);
  const said = text ?? (isJson ? JSON.stringify({ prompt }) : prompt);
  const usageMetadata = usageOf(request, { TEXT: answerTokens, IMAGE: 0 });
  return { body: { candidates: [candidate([{ text: said }])], usageMetadata, ...frame(name) }, pictures: 0 };
}
