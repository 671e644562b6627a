import type { ClipTokenizer } from '../tokenizers/clip-tokenizer.js';
import type { PreparedPrompts } from './encode-prompts.js';
import { type Placeholder, splitAtPlaceholders } from './placeholders.js';
import { warnOfUnusedPlaceholders } from './prompt-warnings.js';

/**
 * Texts to one chunk each, as diffusers' pipelines read them: brackets and BREAK are text, and what does not
 * fit is cut off, with a warning.
 *
 * @param placeholders the words that stand for textual inversions
 */
export function preparePlainPrompts(
  tokenizer: ClipTokenizer,
  texts: readonly string[],
  placeholders: readonly Placeholder[],
): PreparedPrompts {
  const { bosId, eosId, padId, maxLength } = tokenizer;
  const warnings = new Set<string>();
  const prompts = texts.map((text) => {
    const own = splitAtPlaceholders(text, placeholders).flatMap((piece) =>
      typeof piece === 'string' ? tokenizer.encode(piece) : piece.ids,
    );
    const kept = own.slice(0, maxLength - 2);
    if (own.length > kept.length) {
      warnings.add(
        `The last ${own.length - kept.length} tokens of a prompt had no effect: "${text.slice(0, 40)}..." is too long.`,
      );
    }
    const padding = new Array<number>(maxLength - 2 - kept.length).fill(padId);
    const ids = [bosId, ...kept, eosId, ...padding];
    return [{ ids, weights: ids.map(() => 1) }];
  });
  const unused = warnOfUnusedPlaceholders(placeholders, prompts);
  return { prompts, warnings: [...warnings, ...unused] };
}
