import type { GenerationResult } from '@easel/plugin-sdk';
import type { Usage } from './answer.js';
import type { Prices } from './settings.js';

/** What one answer used, and what that costs. */
export interface Used {
  readonly usage: Usage | undefined;
  readonly prices: Prices | undefined;
}

/** What a batch costs by the token. Undefined: it is not known. */
export function batchPrices(prices: Prices | undefined): Prices | undefined {
  if (prices?.batchShare === undefined) return undefined;
  const { batchShare, input, text, image } = prices;
  const shared = { input: input * batchShare, text: text * batchShare };
  return { ...prices, ...shared, ...(image === undefined ? {} : { image: image * batchShare }) };
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

type Detail = Usage['candidatesTokensDetails'][number];

const sum = (details: readonly Detail[], isCounted: (detail: Detail) => boolean) =>
  details.reduce((total, detail) => (isCounted(detail) ? total + detail.tokenCount : total), 0);
