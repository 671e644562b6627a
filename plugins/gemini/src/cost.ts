import type { GenerationRequest, GenerationResult } from '@easel/plugin-sdk';
import type { Usage } from './answer.js';
import { imageConfigOf } from './image-config.js';
import type { Delivery, Options, Prices } from './settings.js';

/** What one answer used, and what that costs. */
export interface Used {
  readonly usage: Usage | undefined;
  readonly prices: Prices | undefined;
}

/** What a batch costs by the token. Undefined: it is not known. */
export const batchPrices = (prices: Prices | undefined) => shareOf(prices, prices?.batchShare);

/** What is answered at once costs by the token. Undefined: it is not known. */
export const directPrices = ({ prices, serviceTier }: Pick<Options, 'prices' | 'serviceTier'>) =>
  serviceTier === 'flex' ? shareOf(prices, prices?.flexShare) : prices;

function shareOf(prices: Prices | undefined, share: number | undefined): Prices | undefined {
  if (!prices || share === undefined) return undefined;
  const { input, text, image } = prices;
  const shared = { input: input * share, text: text * share };
  return { ...prices, ...shared, ...(image === undefined ? {} : { image: image * share }) };
}

/**
 * The cost of a call by the tokens of its answers, or undefined where tokens or prices are not known.
 * Pictures, words and thoughts have prices of their own; what is not listed by modality counts as words, and
 * a model that lists nothing is taken to have made what it is for.
 */
export function costOf(used: readonly Used[]): NonNullable<GenerationResult['cost']> | undefined {
  let amount = 0;
  let currency: string | undefined;
  for (const { usage, prices } of used) {
    if (!usage || !prices || (currency ?? prices.currency) !== prices.currency) return undefined;
    currency = prices.currency;
    amount += costOfAnswer(usage, prices) / 1e6;
  }
  // Prices have seven digits at most; what is beyond is noise of the sum.
  return currency === undefined ? undefined : { amount: Number(amount.toFixed(9)), currency };
}

function costOfAnswer(usage: Usage, { input, text, image = text }: Prices): number {
  const told = usage.candidatesTokensDetails;
  const ofImages =
    told.length === 0 ? usage.candidatesTokenCount : sum(told, ({ modality }) => modality === 'IMAGE');
  const ofWords = Math.max(
    usage.candidatesTokenCount - ofImages,
    sum(told, ({ modality }) => modality !== 'IMAGE'),
  );
  return usage.promptTokenCount * input + ofImages * image + (ofWords + usage.thoughtsTokenCount) * text;
}

/** The tokens of two answers together. */
export function addUsage(one: Usage | undefined, other: Usage | undefined): Usage | undefined {
  if (!one || !other) return undefined;
  return {
    promptTokenCount: one.promptTokenCount + other.promptTokenCount,
    candidatesTokenCount: one.candidatesTokenCount + other.candidatesTokenCount,
    thoughtsTokenCount: one.thoughtsTokenCount + other.thoughtsTokenCount,
    candidatesTokensDetails: [...one.candidatesTokensDetails, ...other.candidatesTokensDetails],
  };
}

/** Characters of a token, at least, and tokens of an input picture: ai.google.dev/gemini-api/docs/tokens. */
const charactersOfToken = 2;
const inputPictureTokens = 1_120;
/** Words and thoughts of an answer; few answers have more. */
const wordTokens = 1_000;

/** What a call will cost, at most. Undefined: that cannot be known before. */
export function estimateOf(
  request: GenerationRequest,
  options: Options,
  delivery: Delivery | undefined,
): GenerationResult['cost'] {
  const prices = delivery === 'batch' ? batchPrices(options.prices) : directPrices(options);
  const { imageSize = options.imageSizes[0] ?? '1K' } = imageConfigOf(request, options);
  const tokens = options.prices?.imageTokens?.[imageSize];
  if (!prices || tokens === undefined) return undefined;
  const { prompt, inputImages, n } = request;
  const input = Math.ceil(prompt.length / charactersOfToken) + inputImages.length * inputPictureTokens;
  const each = input * prices.input + tokens * (prices.image ?? prices.text) + wordTokens * prices.text;
  return { amount: Number(((n * each) / 1e6).toFixed(9)), currency: prices.currency };
}

type Detail = Usage['candidatesTokensDetails'][number];

const sum = (details: readonly Detail[], isCounted: (detail: Detail) => boolean) =>
  details.reduce((total, detail) => (isCounted(detail) ? total + detail.tokenCount : total), 0);
