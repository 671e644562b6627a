import type { ClipTokenizer } from '../tokenizers/clip-tokenizer.js';
import { type ChunkedPrompt, frame, type PromptChunk } from './chunks.js';
import { type Placeholder, splitAtPlaceholders } from './placeholders.js';
import type { PromptPart } from './weights.js';

/** Tokens of a piece from which on it may be cut in two. */
const largeWord = 8;

/**
 * Cuts a prompt of any length into chunks, as `tokenize_with_weights` in ComfyUI's `comfy/sd1_clip.py` does: a
 * piece of one weight with fewer than eight tokens moves to the next chunk as a whole where it does not fit.
 */
export function chunkComfyUiPrompt(
  tokenizer: ClipTokenizer,
  parts: readonly PromptPart[],
  placeholders: readonly Placeholder[] = [],
): ChunkedPrompt {
  const capacity = tokenizer.maxLength - 2;
  const chunks: PromptChunk[] = [];
  let ids: number[] = [];
  let weights: number[] = [];
  const close = () => {
    chunks.push(frame(tokenizer, ids, weights));
    [ids, weights] = [[], []];
  };
  const place = (piece: readonly number[], weight: number) => {
    let rest = piece;
    while (rest.length > 0) {
      const room = capacity - ids.length;
      const isCut = piece.length >= largeWord || ids.length === 0;
      const taken = rest.length <= room || isCut ? rest.slice(0, room) : [];
      ids.push(...taken);
      weights.push(...taken.map(() => weight));
      rest = rest.slice(taken.length);
      if (rest.length > 0) close();
    }
  };
  for (const part of parts) {
    if (part.kind === 'break') continue;
    for (const piece of splitAtPlaceholders(part.text, placeholders))
      place(typeof piece === 'string' ? tokenizer.encode(piece) : piece.ids, part.weight);
  }
  if (ids.length > 0 || chunks.length === 0) close();
  return { chunks, warnings: [] };
}
