import type { ClipTokenizer } from '../tokenizers/clip-tokenizer.js';
import { applyWeights, applyWeightsFromEmpty, isNeutral } from './apply-weights.js';
import { chunkPrompt, equaliseChunks, frame, type PromptChunk } from './chunks.js';
import { chunkComfyUiPrompt } from './comfyui-chunks.js';
import { parseComfyUiWeights } from './comfyui-weights.js';
import { readEmbeddingNames } from './named-embeddings.js';
import type { Placeholder } from './placeholders.js';
import { warnOfUnreadNames, warnOfUnreadSyntax, warnOfUnusedPlaceholders } from './prompt-warnings.js';
import { parsePromptWeights } from './weights.js';

export interface PrepareOptions {
  /** The words that stand for textual inversions; absent means none. */
  readonly placeholders?: readonly Placeholder[];
  /** Whose syntax the weights have. Absent: Automatic1111's. */
  readonly syntax?: 'automatic1111' | 'comfyui';
  /** Chunks that each prompt has at least: those of another text encoder beside this one. Absent means 1. */
  readonly minimumChunks?: number;
}

export interface PreparedPrompts {
  /** For each prompt its chunks, the same number for all. */
  readonly prompts: readonly (readonly PromptChunk[])[];
  /** The chunk that weights move embeddings away from. Absent: weights multiply them. */
  readonly origin?: PromptChunk;
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
  { placeholders = [], syntax = 'automatic1111', minimumChunks = 1 }: PrepareOptions = {},
): PreparedPrompts {
  const isComfyUi = syntax === 'comfyui';
  const texts = given.map((text) => readEmbeddingNames(text, placeholders));
  const chunked = texts.map((text) =>
    isComfyUi
      ? chunkComfyUiPrompt(tokenizer, parseComfyUiWeights(text), placeholders)
      : chunkPrompt(tokenizer, parsePromptWeights(text), placeholders),
  );
  const prompts = chunked.map(({ chunks }) => chunks);
  const warnings = [
    ...chunked.flatMap((prompt) => prompt.warnings),
    ...texts.flatMap(isComfyUi ? warnOfUnreadNames : warnOfUnreadSyntax),
    ...warnOfUnusedPlaceholders(placeholders, prompts),
  ];
  return {
    prompts: equaliseChunks(tokenizer, prompts, minimumChunks),
    warnings: [...new Set(warnings)],
    ...(isComfyUi ? { origin: frame(tokenizer, [], []) } : {}),
  };
}

/**
 * Chunks to the text embeddings that the denoising network takes: each chunk is encoded on its own, weighted,
 * and a prompt's chunks follow each other (`forward` and `process_tokens` in stable-diffusion-webui's
 * `modules/sd_hijack_clip.py`).
 *
 * @param prepared at least one prompt, all of equally many chunks, as {@link preparePrompts} gives them
 * @param encodeChunks called once, with the chunks of all prompts, a prompt's own in succession
 * @throws ERR_REQUEST_INVALID when the weights are too large
 */
export async function encodePrompts(
  { prompts, origin }: Pick<PreparedPrompts, 'prompts' | 'origin'>,
  encodeChunks: EncodeChunks,
): Promise<PromptEmbeddings> {
  const rows = prompts.flat();
  const weights = rows.map((row) => row.weights);
  const movesFrom = weights.every(isNeutral) ? undefined : origin;
  const encoded = movesFrom ? [...rows, movesFrom] : rows;
  const { hidden, shape, pooled } = await encodeChunks(encoded.map(({ ids }) => ids));
  const [count, tokens, width] = shape as [number, number, number];
  if (count !== encoded.length || hidden.length !== count * tokens * width) {
    throw new Error(`The text encoder gave [${shape}] for ${encoded.length} chunks.`);
  }
  const own = movesFrom ? hidden.subarray(0, rows.length * tokens * width) : hidden;
  return {
    hidden: movesFrom
      ? applyWeightsFromEmpty(own, weights, hidden.subarray(own.length))
      : applyWeights(own, weights, width),
    shape: [prompts.length, (rows.length / prompts.length) * tokens, width],
    pooled: pooled && takeFirstRows(pooled, prompts.length, { rows: rows.length, of: count }),
  };
}

/** The first of every `rows / groups` rows, of the `of` rows that there are. */
function takeFirstRows(
  values: Float32Array,
  groups: number,
  { rows, of }: { readonly rows: number; readonly of: number },
): Float32Array {
  if (groups === of) return values;
  const width = values.length / of;
  const taken = new Float32Array(groups * width);
  for (let group = 0; group < groups; group++) {
    const start = group * (rows / groups) * width;
    taken.set(values.subarray(start, start + width), group * width);
  }
  return taken;
}
