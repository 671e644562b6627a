import type { Feed } from '../session/network.js';
import type { UnigramTokenizer } from '../tokenizers/unigram/unigram-tokenizer.js';
import { applyWeights, applyWeightsFromEmpty, isNeutral } from './apply-weights.js';
import { parseComfyUiWeights } from './comfyui-weights.js';
import { warnOfUnreadNames, warnOfUnreadSyntax } from './prompt-warnings.js';
import type { PromptStyle } from './text-encoding.js';
import { type PromptPart, parsePromptWeights } from './weights.js';

/** T5's encoder with the tokenizer that belongs to it. */
export interface T5Encoder {
  readonly tokenizer: UnigramTokenizer;
  readonly width: number;
  /**
   * Token ids, one row a text, all of one length, to [texts, tokens, width].
   *
   * @param used of each row, how many tokens are seen. Absent: all
   */
  encode(ids: readonly (readonly number[])[], used?: readonly number[]): Promise<Float32Array>;
}

/** How texts are read. */
export interface T5TextOptions {
  /** Tokens that each text is cut at or filled up to. */
  readonly tokens: number;
  /** Absent: `plain`. */
  readonly promptStyle?: PromptStyle | undefined;
  /** Whether the encoder sees no padding. Absent: it reads it like text. */
  readonly hidesPadding?: boolean;
}

/** Texts as the denoising network reads them. */
export interface EmbeddedT5Texts {
  /** [texts, tokens, width] */
  readonly hidden: Feed;
  /** Of each text, how many tokens are not padding, the end counted. */
  readonly used: readonly number[];
  /** A sentence for each thing in the texts that had no effect. */
  readonly warnings: readonly string[];
}

/** A text as T5 reads it. */
export interface T5Text {
  readonly ids: readonly number[];
  /** One a token. */
  readonly weights: readonly number[];
  /** How many tokens are not padding, the end counted. */
  readonly used: number;
}

/** How texts of each style are read, and what is said of them. */
const readers: Readonly<
  Record<PromptStyle, { read(text: string): readonly PromptPart[]; warn(text: string): readonly string[] }>
> = {
  weighted: { read: parsePromptWeights, warn: warnOfUnreadSyntax },
  interpolated: { read: parseComfyUiWeights, warn: warnOfUnreadNames },
  plain: { read: (text) => [{ kind: 'text', text, weight: 1 }], warn: () => [] },
};

/** Texts to ids, with a sentence for each thing in them that had no effect. */
export function prepareT5Texts(
  { tokenizer }: Pick<T5Encoder, 'tokenizer'>,
  texts: readonly string[],
  { tokens, promptStyle = 'plain' }: T5TextOptions,
): { readonly texts: readonly T5Text[]; readonly warnings: readonly string[] } {
  const { read, warn } = readers[promptStyle];
  const warnings = new Set(texts.flatMap(warn));
  const prepared = texts.map((text): T5Text => {
    const parts = read(text);
    // A break begins nothing new here: T5 reads a text in one piece.
    const own = parts.flatMap((part) =>
      part.kind === 'break' ? [] : tokenizer.encode(part.text).map((id) => ({ id, weight: part.weight })),
    );
    const kept = own.slice(0, tokens - 1);
    if (own.length > kept.length) {
      warnings.add(
        `The last ${own.length - kept.length} tokens of a prompt had no effect: "${text.slice(0, 40)}..." is longer than the ${tokens} tokens that are read.`,
      );
    }
    const used = kept.length + 1;
    const padding = new Array<number>(tokens - used).fill(tokenizer.padId);
    return {
      ids: [...kept.map(({ id }) => id), tokenizer.endId, ...padding],
      weights: [...kept.map(({ weight }) => weight), 1, ...padding.map(() => 1)],
      used,
    };
  });
  return { texts: prepared, warnings: [...warnings] };
}

/**
 * Texts to T5's embeddings. Weights multiply the embeddings, which then get their mean back, as webui does
 * for CLIP and Forge for T5; in ComfyUI's style they move them away from those of an empty text.
 */
export async function embedT5Texts(
  encoder: T5Encoder,
  texts: readonly string[],
  options: T5TextOptions,
): Promise<EmbeddedT5Texts> {
  const prepared = prepareT5Texts(encoder, texts, options);
  const weights = prepared.texts.map((text) => text.weights);
  const isFromEmpty = options.promptStyle === 'interpolated' && !weights.every(isNeutral);
  const origin = isFromEmpty ? prepareT5Texts(encoder, [''], options).texts : [];
  const encoded = [...prepared.texts, ...origin];
  const used = encoded.map((text) => text.used);
  const hidden = await encoder.encode(
    encoded.map(({ ids }) => ids),
    options.hidesPadding ? used : undefined,
  );
  const own = isFromEmpty ? hidden.subarray(0, texts.length * options.tokens * encoder.width) : hidden;
  return {
    hidden: {
      data: isFromEmpty
        ? applyWeightsFromEmpty(own, weights, hidden.subarray(own.length))
        : applyWeights(own, weights, encoder.width),
      shape: [texts.length, options.tokens, encoder.width],
    },
    used: used.slice(0, texts.length),
    warnings: prepared.warnings,
  };
}
