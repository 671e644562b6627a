import { EaselError } from '@easel/plugin-sdk';
import type {
  Conditioning,
  ConditioningRequest,
  ModelConditioning,
} from '../../pipelines/diffusion-model.js';
import { embedT5Texts, type T5Encoder } from '../../prompt/t5-texts.js';
import { embedTexts, type TextEmbeddings, type TextEncoder } from '../../prompt/text-encoding.js';
import type { Feed } from '../../session/network.js';
import { joinTokens, joinWidths, padWidth } from '../components/joined-feeds.js';
import { readOptions } from './options.js';

/** The text side of a Stable Diffusion 3 checkpoint. */
export interface Sd3TextParts {
  /** CLIP L and G, both with a projection. */
  readonly encoders: readonly TextEncoder[];
  /** T5. Absent: zeros stand for its tokens. */
  readonly reading: T5Encoder | undefined;
  /** Of the text that the network reads. */
  readonly textWidth: number;
}

/** Tokens of T5 that the models were trained with first, and that diffusers takes. */
const trainedTokens = 256;
/** Tokens of CLIP, which as many zeros as stand for T5's where it is missing. */
const clipTokens = 77;

/**
 * The conditioning of Stable Diffusion 3: both CLIPs' last hidden states but one side by side, behind them
 * T5's; and both CLIPs' pooled texts. diffusers: `StableDiffusion3Pipeline.encode_prompt`.
 */
export async function conditionStableDiffusion3(
  parts: Sd3TextParts,
  request: ConditioningRequest,
): Promise<ModelConditioning> {
  const { prompts, negativePrompts, isGuided, promptStyle } = request;
  const tokens = readOptions(request.familyOptions).textTokens ?? trainedTokens;
  const negativeTexts = isGuided ? (negativePrompts ?? prompts.map(() => '')) : undefined;
  const clip = await embedTexts(
    parts.encoders,
    parts.encoders.map(() => ({ prompts, ...(negativeTexts && { negativePrompts: negativeTexts }) })),
    request,
  );
  // What CLIP has no room for, T5 reads: its warnings would not be true then.
  const warnings = new Set(parts.reading ? [] : clip.warnings);
  const read = async (texts: readonly string[]): Promise<Feed> => {
    if (!parts.reading) return zeros([texts.length, clipTokens, parts.textWidth]);
    const { hidden, warnings: own } = await embedT5Texts(parts.reading, texts, { tokens, promptStyle });
    for (const warning of own) warnings.add(warning);
    return hidden;
  };
  const inputs = async (
    embedded: readonly TextEmbeddings[],
    texts: readonly string[],
  ): Promise<Conditioning> => {
    const own = padWidth(joinWidths(embedded.map(({ hidden }) => hidden)), parts.textWidth);
    return {
      encoder_hidden_states: joinTokens(own, await read(texts)),
      pooled_projections: joinWidths(embedded.map(({ pooled }) => pooled!)),
    };
  };
  const conditional = await inputs(clip.conditional, prompts);
  const unconditional =
    clip.unconditional && negativeTexts && (await inputs(clip.unconditional, negativeTexts));
  return { conditional, unconditional, warnings: [...warnings] };
}

/** @throws ERR_REQUEST_INVALID for a size that the model knows no positions for */
export function refuseLargeSize(request: ConditioningRequest, largestEdge: number): void {
  for (const field of ['width', 'height'] as const) {
    if (request[field] <= largestEdge) continue;
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      field,
      message: `${field}: ${request[field]} pixels; the model knows places of up to ${largestEdge} pixels.`,
    });
  }
}

const zeros = (shape: readonly number[]): Feed => ({
  data: new Float32Array(shape.reduce((count, size) => count * size, 1)),
  shape,
});
