import type { GenerationRequest, GenerationResult } from '@easel/plugin-sdk';
import type { Options, Prices } from '../settings.js';
import type { Answer } from './answer.js';

/** Of `cost_in_usd_ticks`: docs.x.ai/docs/models, ten thousand millions to a US dollar. */
const ticks = 1e10;
const million = 1e6;

/** What images of a batch cost. Undefined: it is not known. */
export function batchPrices(prices: Prices | undefined): Prices | undefined {
  if (prices?.batchShare === undefined) return undefined;
  const { batchShare: share, image, textInput, imageInput, textOutput, imageOutput } = prices;
  return {
    ...prices,
    ...(image === undefined ? {} : { image: image * share }),
    textInput: textInput * share,
    imageInput: imageInput * share,
    textOutput: textOutput * share,
    imageOutput: imageOutput * share,
  };
}

/** US dollars of a call, or undefined where neither the server nor the model's prices tell. */
export function costOf(
  answers: readonly Answer[],
  prices: Prices | undefined,
): NonNullable<GenerationResult['cost']> | undefined {
  let amount = 0;
  for (const answer of answers) {
    const cost = costOfAnswer(answer, prices);
    if (cost === undefined) return undefined;
    amount += cost;
  }
  // What is beyond nine digits is noise of the sum.
  return { amount: Number(amount.toFixed(9)), currency: 'USD' };
}

function costOfAnswer({ data, usage }: Answer, prices: Prices | undefined): number | undefined {
  if (typeof usage?.cost_in_usd_ticks === 'number') return usage.cost_in_usd_ticks / ticks;
  if (!prices) return undefined;
  if (prices.image !== undefined) return prices.image * data.length;
  if (!usage) return undefined;
  const { input_tokens: input, input_tokens_details: inputs } = usage;
  const { output_tokens: output, output_tokens_details: outputs } = usage;
  const imageInput = inputs?.image_tokens ?? 0;
  const textOutput = outputs?.text_tokens ?? 0;
  return (
    (imageInput * prices.imageInput +
      (input - imageInput) * prices.textInput +
      textOutput * prices.textOutput +
      (output - textOutput) * prices.imageOutput) /
    million
  );
}

/** Characters of a token, at least: platform.openai.com/tokenizer has four for English, others less. */
const charactersOfToken = 2;
const square = 1024 * 1024;

/** What a call will cost, at most, in US dollars. Undefined: that cannot be known before. */
export function estimateOf(
  { n, width, height, prompt, inputImages, mask }: GenerationRequest,
  { prices: given, quality = 'auto', delivery }: Pick<Options, 'prices' | 'quality' | 'delivery'>,
): GenerationResult['cost'] {
  const prices = delivery === 'batch' ? batchPrices(given) : given;
  if (!prices) return undefined;
  if (prices.image !== undefined) return { amount: prices.image * n, currency: 'USD' };
  const { tokens } = prices;
  if (!tokens) return undefined;
  const { inputImage, ...byQuality } = tokens;
  const all = Object.values(byQuality).filter((count) => count !== undefined);
  const known = quality in byQuality ? byQuality[quality as keyof typeof byQuality] : undefined;
  // The model decides: it may take the most expensive.
  const output = quality === 'auto' && all.length > 0 ? Math.max(...all) : known;
  if (output === undefined) return undefined;
  const images = inputImages.length + (mask ? 1 : 0);
  const each =
    Math.ceil(prompt.length / charactersOfToken) * prices.textInput +
    images * inputImage * prices.imageInput +
    Math.ceil((output * width * height) / square) * prices.imageOutput;
  return { amount: Number(((n * each) / million).toFixed(9)), currency: 'USD' };
}
