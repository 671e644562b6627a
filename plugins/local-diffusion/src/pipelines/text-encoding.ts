import type { ClipTokenizer } from '../prompt/tokenizer.js';
import type { Feed } from '../runtime/network.js';

/** What a text encoder makes of a batch of texts. */
export interface EncodedTexts {
  /** [texts, tokens, width] */
  readonly hidden: Float32Array;
  readonly shape: readonly number[];
  /** [texts, projected width]; absent where the encoder has no projection. */
  readonly pooled?: Float32Array | undefined;
}

/** A text encoder with the tokenizer that belongs to it. */
export interface TextEncoder {
  readonly tokenizer: ClipTokenizer;
  /** Token ids, one row a text; the hidden states leave out the last `clipSkip` layers of those that the model uses. */
  encode(ids: readonly (readonly number[])[], clipSkip: number): Promise<EncodedTexts>;
}

export interface TextEmbeddings {
  /** [texts, tokens, width] */
  readonly hidden: Feed;
  /** [texts, projected width]; absent where the encoder has no projection. */
  readonly pooled: Feed | undefined;
  readonly warnings: readonly string[];
}

/** Texts to embeddings, with a warning for each that is longer than the text encoder reads. */
export async function embedTexts(
  encoder: TextEncoder,
  texts: readonly string[],
  clipSkip: number,
): Promise<TextEmbeddings> {
  const encoded = texts.map((text) => encoder.tokenizer.encodePadded(text));
  const warnings = new Set<string>();
  for (const [index, { truncated }] of encoded.entries()) {
    if (truncated > 0) {
      warnings.add(
        `The last ${truncated} tokens of a prompt had no effect: "${texts[index]?.slice(0, 40)}..." is too long.`,
      );
    }
  }
  const { hidden, shape, pooled } = await encoder.encode(
    encoded.map(({ ids }) => ids),
    clipSkip,
  );
  return {
    hidden: { data: hidden, shape },
    pooled: pooled && { data: pooled, shape: [texts.length, pooled.length / texts.length] },
    warnings: [...warnings],
  };
}
