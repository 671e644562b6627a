import type { ClipTokenizer } from '../tokenizers/clip-tokenizer.js';
import { type Placeholder, splitAtPlaceholders } from './placeholders.js';
import type { PromptPart } from './weights.js';

/** As much of a prompt as the text encoder reads at once. */
export interface PromptChunk {
  /** `maxLength` ids: bos, the prompt's own, eos, padding. */
  readonly ids: readonly number[];
  /** One an id; 1 for bos, eos and padding. */
  readonly weights: readonly number[];
}

export interface ChunkedPrompt {
  /** At least one. */
  readonly chunks: readonly PromptChunk[];
  /** A sentence for each thing in the prompt that had no effect. */
  readonly warnings: readonly string[];
}

/** webui's default of its setting `comma_padding_backtrack` (`modules/shared_options.py`), in tokens. */
const commaReach = 20;

/**
 * Cuts a prompt of any length into chunks, as `tokenize_line` in stable-diffusion-webui's
 * `modules/sd_hijack_clip.py` does with its default settings. A chunk holds `maxLength - 2` tokens: 75 for
 * CLIP. When one is full and there is a comma among its last 20 tokens, what follows the comma moves to the
 * next chunk. A break ends the chunk, full or empty; one at the very end starts no other. A placeholder is
 * never cut in two: it moves to the next chunk as a whole.
 *
 * The ids of a prompt that fits, without brackets, backslashes and breaks, are those of `encodePadded`; eos
 * and padding are the tokenizer's own, also where webui pads with eos alone.
 */
export function chunkPrompt(
  tokenizer: ClipTokenizer,
  parts: readonly PromptPart[],
  placeholders: readonly Placeholder[] = [],
): ChunkedPrompt {
  const capacity = tokenizer.maxLength - 2;
  const comma = commaId(tokenizer);
  const chunks: PromptChunk[] = [];
  const warnings: string[] = [];
  let ids: number[] = [];
  let weights: number[] = [];
  let lastComma = -1;

  const close = () => {
    chunks.push(frame(tokenizer, ids, weights));
    [ids, weights, lastComma] = [[], [], -1];
  };
  const makeRoom = (isComma: boolean) => {
    if (ids.length < capacity) return;
    const movesTail = !isComma && lastComma !== -1 && ids.length - lastComma <= commaReach;
    const cut = movesTail ? lastComma + 1 : capacity;
    const [tailIds, tailWeights] = [ids.splice(cut), weights.splice(cut)];
    close();
    [ids, weights] = [tailIds, tailWeights];
  };
  const place = (id: number, weight: number) => {
    makeRoom(id === comma);
    if (id === comma) lastComma = ids.length;
    ids.push(id);
    weights.push(weight);
  };
  const placeVectors = (placeholder: Placeholder, weight: number) => {
    const kept = placeholder.ids.slice(0, capacity);
    const lost = placeholder.ids.length - kept.length;
    if (lost > 0) {
      warnings.push(
        `The last ${lost} vectors of "${placeholder.word}" had no effect: only ${capacity} fit into a chunk.`,
      );
    }
    makeRoom(false);
    if (ids.length + kept.length > capacity) close();
    ids.push(...kept);
    weights.push(...kept.map(() => weight));
  };

  for (const part of parts) {
    if (part.kind === 'break') {
      close();
      continue;
    }
    for (const piece of splitAtPlaceholders(part.text, placeholders)) {
      if (typeof piece !== 'string') placeVectors(piece, part.weight);
      else for (const id of tokenizer.encode(piece)) place(id, part.weight);
    }
  }
  if (ids.length > 0 || chunks.length === 0) close();
  return { chunks, warnings };
}

/**
 * Appends empty chunks to the shorter prompts, so that all have as many as the longest, and at least
 * `minimum`.
 */
export function equaliseChunks(
  tokenizer: ClipTokenizer,
  prompts: readonly (readonly PromptChunk[])[],
  minimum = 1,
): PromptChunk[][] {
  const count = prompts.reduce((most, chunks) => Math.max(most, chunks.length), minimum);
  const empty = frame(tokenizer, [], []);
  return prompts.map((chunks) => [...chunks, ...new Array<PromptChunk>(count - chunks.length).fill(empty)]);
}

/** A chunk of these tokens, which must fit, with padding behind them. */
export function frame(
  { bosId, eosId, padId, maxLength }: ClipTokenizer,
  ids: readonly number[],
  weights: readonly number[],
): PromptChunk {
  const spare = maxLength - 2 - ids.length;
  return {
    ids: [bosId, ...ids, eosId, ...new Array<number>(spare).fill(padId)],
    weights: [1, ...weights, 1, ...new Array<number>(spare).fill(1)],
  };
}

/** Undefined for a vocabulary that has no token for a comma on its own. */
function commaId(tokenizer: ClipTokenizer): number | undefined {
  const ids = tokenizer.encode(',');
  return ids.length === 1 ? ids[0] : undefined;
}
