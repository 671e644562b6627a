import { EaselError } from '@easel/plugin-sdk';
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

/** How the texts of a request are read. */
export interface TextReading extends Pick<ChatEncoder, 'tokenizer' | 'width'> {
  /** What the text model is told before each text. */
  readonly system: string;
  /** What stands in the message before each text: marks of images. */
  readonly before: string;
  /** What stands for each token of an image. Absent: there are no images. */
  readonly mark?: string;
  /** Tokens of a text that are read at most, where the request does not say it. */
  readonly tokens: number;
  /** The ids of one text to [tokens, width]. */
  read(ids: readonly number[]): Promise<Float32Array>;
}

/** How the base model reads texts. */
export const plainReading = (encoder: ChatEncoder): TextReading => ({
  ...encoder,
  ...{ system, before: '', tokens: trainedTokens },
  read: (ids) => encoder.encode([ids], [ids.length]),
});

/**
 * The conditioning of Qwen-Image: the tokens of each text without those that the template has before it,
 * filled up to the longest with zeros, and how many there are. diffusers: `QwenImagePipeline.encode_prompt`,
 * which has a mask.
 */
export async function conditionQwenImage(
  reading: TextReading,
  title: string,
  request: ConditioningRequest,
): Promise<ModelConditioning> {
  const { prompts, negativePrompts, isGuided, promptStyle, inversions } = request;
  refuseInversions(inversions, title);
  refuseMarks([...prompts, ...(negativePrompts ?? [])], reading);
  const { width, before } = reading;
  const unread = tokensBefore(reading, reading.system);
  const own = readOptions(request.familyOptions).textTokens ?? reading.tokens;
  const negative = isGuided ? (negativePrompts ?? prompts.map(() => nothing)) : [];
  const texts = [...prompts, ...negative];
  const { ids, warnings } = prepareChatTexts(reading, texts, {
    tokens: unread + reading.tokenizer.encode(before).length + own,
    ...{ system: reading.system, before, promptStyle, title },
  });
  // Each text by itself, so that nothing is filled up, and once for all images that have it.
  const known = new Map<string, Float32Array>();
  for (const [index, row] of ids.entries()) {
    const text = texts[index]!;
    if (!known.has(text)) known.set(text, (await reading.read(row)).subarray(unread * width));
  }
  const lengths = ids.map(({ length }) => length - unread);
  const longest = Math.max(...lengths);
  const conditioningOf = (first: number, count: number): Conditioning => ({
    encoder_hidden_states: fillRows(
      texts.slice(first, first + count).map((text) => known.get(text)!),
      longest,
      width,
    ),
    text_lengths: { data: Float32Array.from(lengths.slice(first, first + count)), shape: [count] },
  });
  return {
    conditional: conditioningOf(0, prompts.length),
    unconditional: isGuided ? conditioningOf(prompts.length, negative.length) : undefined,
    warnings,
  };
}

/** A mark of an image where there is none would be taken for one. */
function refuseMarks(texts: readonly string[], { mark }: TextReading): void {
  if (mark === undefined || !texts.some((text) => text.includes(mark))) return;
  throw new EaselError({
    code: 'ERR_REQUEST_INVALID',
    field: 'prompt',
    message: `prompt: "${mark}" stands for an input image, and cannot be written in a text.`,
  });
}
