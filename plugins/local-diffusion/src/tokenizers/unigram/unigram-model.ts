import { invalidFiles } from '../../checkpoint/invalid-files.js';

/** A vocabulary: each piece of text with the logarithm of its probability, in the order of their ids. */
export type Pieces = readonly (readonly [text: string, score: number])[];

/**
 * How much less likely than the least likely piece a character is that no piece has (SentencePiece,
 * `kUnkPenalty`).
 */
const unknownPenalty = 10;

/** The best way so far to cut a text up to a place. */
interface Cut {
  readonly score: number;
  readonly start: number;
  readonly id: number;
}

/**
 * Cuts words into the pieces of a vocabulary that are likeliest together (Kudo 2018, "Subword
 * Regularization", arXiv 1804.10959), like `encode_optimized` of Hugging Face's tokenizers
 * (models/unigram/model.rs). Characters without a piece become the unknown one, those that follow each other
 * a single one.
 *
 * @param unknownId of the piece for what has none
 * @returns a word to ids
 */
export function createUnigramModel(
  pieces: Pieces,
  unknownId: number,
  what: string,
): (word: string) => number[] {
  if (unknownId >= pieces.length)
    throw invalidFiles(`${what}: the unknown piece is number ${unknownId} of ${pieces.length}.`);
  const ids = new Map(pieces.map(([text], id) => [text, id]));
  let longest = 1;
  let lowest = Number.POSITIVE_INFINITY;
  for (const [text, score] of pieces) {
    longest = Math.max(longest, text.length);
    lowest = Math.min(lowest, score);
  }
  const unknownScore = lowest - unknownPenalty;

  const cutsOf = (word: string): (Cut | undefined)[] => {
    const best: (Cut | undefined)[] = new Array(word.length + 1);
    best[0] = { score: 0, start: 0, id: unknownId };
    const offer = (end: number, cut: Cut) => {
      if (!best[end] || cut.score > best[end].score) best[end] = cut;
    };
    for (let start = 0; start < word.length; ) {
      const { score } = best[start]!;
      const next = start + (word.codePointAt(start)! > 0xffff ? 2 : 1);
      let hasSingle = false;
      for (let end = next; end <= Math.min(word.length, start + longest); end += 1) {
        const id = ids.get(word.slice(start, end));
        if (id === undefined) continue;
        offer(end, { score: score + pieces[id]![1], start, id });
        hasSingle ||= end === next;
      }
      if (!hasSingle) offer(next, { score: score + unknownScore, start, id: unknownId });
      start = next;
    }
    return best;
  };

  return (word) => {
    const cuts = cutsOf(word);
    const found: number[] = [];
    for (let end = word.length; end > 0; ) {
      const { start, id } = cuts[end]!;
      if (id !== unknownId || found.at(-1) !== unknownId) found.push(id);
      end = start;
    }
    return found.reverse();
  };
}
