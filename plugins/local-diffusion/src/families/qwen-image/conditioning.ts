import type {
  Conditioning,
  ConditioningRequest,
  ModelConditioning,
} from '../../pipelines/diffusion-model.js';
import { type ChatEncoder, fillRows, prepareChatTexts, tokensBefore } from '../../prompt/chat-texts.js';
import { refuseInversions } from '../components/text-options.js';
import { readOptions } from './options.js';

/** Tokens of a text that are read at most, those that the chat template has behind it counted. */
const trainedTokens = 512;
/** What the text model was told in training before each text. */
const system =
  'Describe the image by detailing the color, shape, size, texture, quantity, text, spatial relationships of the objects and background:';
/** What stands for no negative prompt: the model card's. */
const nothing = ' ';

/**
 * The conditioning of Qwen-Image: the tokens of each text without those that come before it, filled up to the longest with zeros, and how many
 * there are. diffusers: `QwenImagePipeline.encode_prompt`, which has a mask.
 */
export async function conditionQwenImage(
  reading: ChatEncoder,
  title: string,
  request: ConditioningRequest,
): Promise<ModelConditioning> {
  const { prompts, negativePrompts, isGuided, promptStyle, inversions } = request;
  refuseInversions(inversions, title);
  const unread = tokensBefore(reading, system);
  const tokens = unread + (readOptions(request.familyOptions).textTokens ?? trainedTokens);
  const negative = isGuided ? (negativePrompts ?? prompts.map(() => nothing)) : [];
  const texts = [...prompts, ...negative];
  const { ids, warnings } = prepareChatTexts(reading, texts, { tokens, system, promptStyle, title });
  // Each text by itself, so that nothing is filled up, and once for all images that have it.
  const known = new Map<string, Float32Array>();
  for (const [index, row] of ids.entries()) {
    const text = texts[index]!;
    if (!known.has(text))
      known.set(text, (await reading.encode([row], [row.length])).subarray(unread * reading.width));
  }
  const lengths = ids.map(({ length }) => length - unread);
  const longest = Math.max(...lengths);
  const conditioningOf = (first: number, count: number): Conditioning => ({
    encoder_hidden_states: fillRows(
      texts.slice(first, first + count).map((text) => known.get(text)!),
      longest,
      reading.width,
    ),
    text_lengths: { data: Float32Array.from(lengths.slice(first, first + count)), shape: [count] },
  });
  return {
    conditional: conditioningOf(0, prompts.length),
    unconditional: isGuided ? conditioningOf(prompts.length, negative.length) : undefined,
    warnings,
  };
}
