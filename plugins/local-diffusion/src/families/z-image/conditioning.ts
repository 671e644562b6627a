import type {
  Conditioning,
  ConditioningRequest,
  ModelConditioning,
} from '../../pipelines/diffusion-model.js';
import { type ChatEncoder, fillRows, prepareChatTexts } from '../../prompt/chat-texts.js';
import { refuseInversions } from '../components/text-options.js';
import { readOptions } from './options.js';

/** Tokens of a text that are read at most, those of the chat template counted. */
const trainedTokens = 512;

/**
 * The conditioning of Z-Image: the tokens of each text, filled up to the longest with zeros, and how many
 * there are. diffusers: `ZImagePipeline.encode_prompt`, which has a list of them.
 */
export async function conditionZImage(
  reading: ChatEncoder,
  title: string,
  request: ConditioningRequest,
): Promise<ModelConditioning> {
  const { prompts, negativePrompts, isGuided, promptStyle, inversions } = request;
  refuseInversions(inversions, title);
  const tokens = readOptions(request.familyOptions).textTokens ?? trainedTokens;
  const negative = isGuided ? (negativePrompts ?? prompts.map(() => '')) : [];
  const texts = [...prompts, ...negative];
  const { ids, warnings } = prepareChatTexts(reading, texts, { tokens, promptStyle, title });
  // Each text by itself, so that nothing is filled up, and once for all images that have it.
  const known = new Map<string, Float32Array>();
  for (const [index, row] of ids.entries()) {
    const text = texts[index]!;
    if (!known.has(text)) known.set(text, await reading.encode([row], [row.length]));
  }
  const longest = Math.max(...ids.map(({ length }) => length));
  const conditioningOf = (first: number, count: number): Conditioning => ({
    encoder_hidden_states: fillRows(
      texts.slice(first, first + count).map((text) => known.get(text)!),
      longest,
      reading.width,
    ),
    text_lengths: {
      data: Float32Array.from(ids.slice(first, first + count), ({ length }) => length),
      shape: [count],
    },
  });
  return {
    conditional: conditioningOf(0, prompts.length),
    unconditional: isGuided ? conditioningOf(prompts.length, negative.length) : undefined,
    warnings,
  };
}
