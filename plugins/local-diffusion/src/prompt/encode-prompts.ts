import type { ClipTokenizer } from '../tokenizers/clip-tokenizer.js';
import { applyWeights } from './apply-weights.js';
import { chunkPrompt, equaliseChunks, type PromptChunk } from './chunks.js';
import { readEmbeddingNames } from './named-embeddings.js';
import type { Placeholder } from './placeholders.js';
import { warnOfUnreadSyntax, warnOfUnusedPlaceholders } from './prompt-warnings.js';
import { parsePromptWeights } from './weights.js';

export interface PrepareOptions {
  /** The words that stand for textual inversions; absent means none. */
  readonly placeholders?: readonly Placeholder[];
  /** Whether brackets, backslashes and BREAK are syntax; false reads them as text. Absent means true. */
  readonly readsWeights?: boolean;
  /** Chunks that each prompt has at least: those of another text encoder beside this one. Absent means 1. */
  readonly minimumChunks?: number;
}

export interface PreparedPrompts {
  /** For each prompt its chunks, the same number for all. */
  readonly prompts: readonly (readonly PromptChunk[])[];
  /** A sentence for each thing that had no effect. */
  readonly warnings: readonly string[];
}

/** What the text encoder makes of a batch of chunks. */
export interface EncodedChunks {
  /** [chunks, tokens, width] */
  readonly hidden: Float32Array;
  readonly shape: readonly number[];
  /** [chunks, pooled width]; absent when the pipeline takes none. */
  readonly pooled?: Float32Array | undefined;
}

/** Runs the text encoder on a batch of chunks, one row of ids each. */
export type EncodeChunks = (ids: readonly (readonly number[])[]) => Promise<EncodedChunks>;

export interface PromptEmbeddings {
  /** [prompts, chunks * tokens, width], weighted. */
  readonly hidden: Float32Array;
  readonly shape: readonly [number, number, number];
  /**
   * [prompts, pooled width] of each prompt's first chunk, unweighted; absent where `encodeChunks` gives none.
   */
  readonly pooled: Float32Array | undefined;
}

/**
 * Texts to chunks of ids and weights. Prompts and negative prompts go in together, so that they get equally
 * many chunks.
 */
export function preparePrompts(
  tokenizer: ClipTokenizer,
  given: readonly string[],
  { placeholders = [], readsWeights = true, minimumChunks = 1 }: PrepareOptions = {},
): PreparedPrompts {
  const texts = readsWeights ? given.map((text) => readEmbeddingNames(text, placeholders)) : given;
  const chunked = texts.map((text) => {
    const parts = readsWeights ? parsePromptWeights(text) : [{ kind: 'text', text, weight: 1 } as const];
    return chunkPrompt(tokenizer, parts, placeholders);
  });
  const prompts = chunked.map(({ chunks }) => chunks);
  const warnings = [
    ...chunked.flatMap((prompt) => prompt.warnings),
    ...(readsWeights ? texts.flatMap(warnOfUnreadSyntax) : []),
    ...warnOfUnusedPlaceholders(placeholders, prompts),
  ];
  return { prompts: equaliseChunks(tokenizer, prompts, minimumChunks), warnings: [...new Set(warnings)] };
}

/**
 * Chunks to the text embeddings that the denoising network takes: each chunk is encoded on its own, weighted,
 * and a prompt's chunks follow each other (`forward` and `process_tokens` in stable-diffusion-webui's
 * `modules/sd_hijack_clip.py`).
 *
 * @param prompts at least one, all of equally many chunks, as {@link preparePrompts} gives them
 * @param encodeChunks called once, with the chunks of all prompts, a prompt's own in succession
 * @throws ERR_REQUEST_INVALID when the weights are too large
 */
export async function encodePrompts(
  prompts: readonly (readonly PromptChunk[])[],
  encodeChunks: EncodeChunks,
): Promise<PromptEmbeddings> {
  const rows = prompts.flat();
  const { hidden, shape, pooled } = await encodeChunks(rows.map(({ ids }) => ids));
  const [count, tokens, width] = shape as [number, number, number];
  if (count !== rows.length || hidden.length !== count * tokens * width) {
    throw new Error(`The text encoder gave [${shape}] for ${rows.length} chunks.`);
  }
  const weights = rows.map((row) => row.weights);
  return {
    hidden: applyWeights(hidden, weights, width),
    shape: [prompts.length, (count / prompts.length) * tokens, width],
    pooled: pooled && takeFirstRows(pooled, prompts.length, count),
  };
}

/** The first of every `rows / groups` rows. */
function takeFirstRows(values: Float32Array, groups: number, rows: number): Float32Array {
  if (groups === rows) return values;
  const width = values.length / rows;
  const taken = new Float32Array(groups * width);
  for (let group = 0; group < groups; group++) {
    const start = group * (rows / groups) * width;
    taken.set(values.subarray(start, start + width), group * width);
  }
  return taken;
}
