/** A word that stands for the vectors of a textual inversion. */
export interface Placeholder {
  readonly word: string;
  /** One id a vector, beyond the vocabulary; see {@link allocateEmbeddingRows} in embedding-rows.ts. */
  readonly ids: readonly number[];
  /** Nobody asked for it by name, so that nobody is told when no prompt has it. Absent: somebody did. */
  readonly isBundled?: true | undefined;
}

const escapePattern = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

/**
 * The word in any case and with any white space within; a letter or digit at its edge must not continue a
 * longer word.
 */
function pattern(word: string): string {
  const inner = word.trim().split(/\s+/).map(escapePattern).join('\\s+');
  const before = /^[\p{L}\p{N}]/u.test(word.trim()) ? '(?<![\\p{L}\\p{N}])' : '';
  const after = /[\p{L}\p{N}]$/u.test(word.trim()) ? '(?![\\p{L}\\p{N}])' : '';
  return `${before}(${inner})${after}`;
}

/**
 * Splits text at the placeholders in it, the longest first where several fit.
 *
 * stable-diffusion-webui (`find_embedding_at_position` in `modules/textual_inversion/textual_inversion.py`)
 * looks for the word's token ids instead, in any case too. Looking at the text finds `<cat>` in `<cat>, red`
 * as well, where the byte-pair tokens are `<`, `cat` and `>,`, and does not find `style-1` in `style-12`.
 */
export function splitAtPlaceholders(
  text: string,
  placeholders: readonly Placeholder[],
): (string | Placeholder)[] {
  const candidates = placeholders
    .filter(({ word }) => word.trim() !== '')
    .sort((one, other) => other.word.length - one.word.length);
  if (candidates.length === 0) return [text];
  const words = new RegExp(candidates.map(({ word }) => pattern(word)).join('|'), 'giu');
  const parts: (string | Placeholder)[] = [];
  let end = 0;
  for (const match of text.matchAll(words)) {
    const found = candidates[match.slice(1).findIndex((group) => group !== undefined)]!;
    if (match.index > end) parts.push(text.slice(end, match.index));
    parts.push(found);
    end = match.index + match[0].length;
  }
  if (end < text.length) parts.push(text.slice(end));
  return parts;
}
