import { EaselError } from '@easel/plugin-sdk';
import type { Feed } from '../session/network.js';
import type { ClipTokenizer } from '../tokenizers/clip-tokenizer.js';
import { allocateEmbeddingRows, type EmbeddingRows, type TokenTable } from './embedding-rows.js';
import { type EncodeChunks, encodePrompts, type PreparedPrompts, preparePrompts } from './encode-prompts.js';
import { preparePlainPrompts } from './plain-prompts.js';
import type { TextualInversion } from './textual-inversion.js';

/**
 * `weighted`: Automatic1111's syntax, `interpolated`: ComfyUI's, both for prompts of any length. `plain`: brackets
 * are text, and what is too long is cut off.
 */
export const promptStyles = ['weighted', 'interpolated', 'plain'] as const;
export type PromptStyle = (typeof promptStyles)[number];

/**
 * Chunks of a text: 2,400 tokens. Each takes memory in the encoders, and time in every attention of the
 * network.
 */
const mostChunks = 32;

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
  /** What textual inversions extend. Absent: it takes none. */
  readonly table?: TokenTable;
  /** Of the pooled text; its width is undefined where that is not known. Absent: it has none. */
  readonly projection?: { readonly width?: number };
  /**
   * Token ids, one row a text; the hidden states leave out the last `clipSkip` layers of those that the model
   * uses.
   *
   * @param extra what ids beyond the table stand for; absent: there are none
   */
  encode(
    ids: readonly (readonly number[])[],
    clipSkip: number,
    extra?: Pick<EmbeddingRows, 'rows' | 'shape'>,
  ): Promise<EncodedTexts>;
}

/** How texts are read, by all encoders alike. */
export interface TextOptions {
  readonly clipSkip: number;
  /** Absent: `plain`. */
  readonly promptStyle?: PromptStyle | undefined;
  /** Words that were learned as vectors. Absent: none. */
  readonly inversions?: readonly TextualInversion[] | undefined;
}

/** What one text encoder is to read. */
export interface Texts {
  readonly prompts: readonly string[];
  /** Absent: they are not encoded. */
  readonly negativePrompts?: readonly string[] | undefined;
}

export interface TextEmbeddings {
  /** [texts, tokens, width] */
  readonly hidden: Feed;
  /** [texts, projected width] of each text's first chunk; absent where the encoder has no projection. */
  readonly pooled: Feed | undefined;
}

/** One entry an encoder. */
export interface EmbeddedTexts {
  readonly conditional: readonly TextEmbeddings[];
  /** Absent where there are no negative prompts. */
  readonly unconditional: readonly TextEmbeddings[] | undefined;
  /** A sentence for each thing in the texts that had no effect. */
  readonly warnings: readonly string[];
}

/**
 * Texts to the embeddings of all text encoders of a model. All texts get as many chunks as the longest has,
 * in either encoder: the network reads the encoders' tokens side by side, and both halves of guidance at
 * once.
 *
 * @param texts one an encoder
 * @throws ERR_REQUEST_INVALID for texts of too many chunks
 */
export async function embedTexts(
  encoders: readonly TextEncoder[],
  texts: readonly Texts[],
  { clipSkip, promptStyle = 'plain', inversions = [] }: TextOptions,
): Promise<EmbeddedTexts> {
  const rows = inversions.length === 0 ? [] : allocateEmbeddingRows(inversions, encoders.map(tableOf));
  const prepare = (minimumChunks: number): PreparedPrompts[] =>
    encoders.map(({ tokenizer }, index) => {
      const { prompts, negativePrompts = [] } = texts[index]!;
      const all = [...prompts, ...negativePrompts];
      const placeholders = rows[index]?.placeholders ?? [];
      if (promptStyle === 'plain') return preparePlainPrompts(tokenizer, all, placeholders);
      const syntax = promptStyle === 'interpolated' ? 'comfyui' : 'automatic1111';
      return preparePrompts(tokenizer, all, { minimumChunks, placeholders, syntax });
    });
  const chunkCounts = prepare(1).map(({ prompts }) => prompts[0]?.length ?? 1);
  refuseManyChunks(Math.max(...chunkCounts));
  const prepared = prepare(Math.max(...chunkCounts));

  const conditional: TextEmbeddings[] = [];
  const unconditional: TextEmbeddings[] = [];
  for (const [index, encoder] of encoders.entries()) {
    const { prompts, negativePrompts } = texts[index]!;
    const { prompts: chunks, origin } = prepared[index]!;
    const embed = (own: typeof chunks, skip: number) =>
      embedChunks({ prompts: own, ...(origin ? { origin } : {}) }, (ids) =>
        encoder.encode(ids, skip, rows[index]),
      );
    conditional.push(await embed(chunks.slice(0, prompts.length), clipSkip));
    // diffusers leaves layers out for the prompt only; Automatic1111 and ComfyUI for the negative one too.
    const negativeSkip = promptStyle === 'plain' ? 0 : clipSkip;
    if (negativePrompts) unconditional.push(await embed(chunks.slice(prompts.length), negativeSkip));
  }
  return {
    conditional,
    unconditional: unconditional.length === 0 ? undefined : unconditional,
    warnings: [...new Set(prepared.flatMap(({ warnings }) => warnings))],
  };
}

/** All texts have as many chunks as the longest. */
function refuseManyChunks(count: number): void {
  if (count <= mostChunks) return;
  throw new EaselError({
    code: 'ERR_REQUEST_INVALID',
    message: `prompt: with the negative prompt it has ${count} chunks of up to 75 tokens; at most ${mostChunks} are read.`,
    hint: 'Make the longer of the two shorter; each BREAK begins a chunk.',
  });
}

function tableOf({ table }: TextEncoder): TokenTable {
  if (!table) throw new Error('a text encoder that takes no textual inversions was given one');
  return table;
}

async function embedChunks(
  prepared: Pick<PreparedPrompts, 'prompts' | 'origin'>,
  encode: EncodeChunks,
): Promise<TextEmbeddings> {
  const { hidden, shape, pooled } = await encodePrompts(prepared, encode);
  const { length } = prepared.prompts;
  return {
    hidden: { data: hidden, shape },
    pooled: pooled && { data: pooled, shape: [length, pooled.length / length] },
  };
}
