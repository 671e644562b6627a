/** GPT-2's printable stand-in for each byte, which vocabularies are written in. */
export const byteSymbols: readonly string[] = (() => {
  let spare = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
    return String.fromCharCode(printable ? byte : spare++);
  });
})();

/** Rank of each pair of symbols that may be joined, keyed by the two with a space between. */
export type PairRanks = ReadonlyMap<string, number>;

/** The lines of a `merges.txt` that are pairs. */
export const mergeLines = (text: string): string[] =>
  text.split(/\r?\n/).filter((line, i) => line !== '' && !(i === 0 && line.startsWith('#version')));

/**
 * The ranks of lines of a `merges.txt`.
 *
 * @param refuse is called with a reason where a line is not a pair
 */
export function pairRanks(lines: readonly string[], refuse: (reason: string) => never): PairRanks {
  const bad = lines.findIndex((line) => line.split(' ').length !== 2);
  if (bad >= 0) refuse(`pair ${bad + 1} is not a pair of symbols`);
  return new Map(lines.map((line, rank) => [line, rank]));
}

const never = Number.POSITIVE_INFINITY;

/**
 * Joins a word's symbols, the best-ranked pair first, until no pair is left that may be joined (Sennrich et
 * al. 2016, arXiv 1508.07909). A pass over all symbols compares numbers alone, since a word may be a whole
 * text in Chinese.
 */
export function joinSymbols(given: readonly string[], ranks: PairRanks): string[] {
  const symbols = [...given];
  const rankOf = (left: string, right: string | undefined) =>
    right === undefined ? never : (ranks.get(`${left} ${right}`) ?? never);
  const pairs = symbols.map((symbol, i) => rankOf(symbol, symbols[i + 1]));
  for (;;) {
    let best = never;
    for (const rank of pairs) if (rank < best) best = rank;
    if (best === never) return symbols;
    let kept = 0;
    for (let i = 0; i < symbols.length; i++, kept++) {
      const isPair = pairs[i] === best;
      symbols[kept] = isPair ? symbols[i]! + symbols[i + 1]! : symbols[i]!;
      // The pair behind begins with a symbol that is used up.
      pairs[kept] = isPair ? Number.NaN : pairs[i]!;
      if (isPair) i++;
      if (kept > 0 && (isPair || Number.isNaN(pairs[kept - 1]))) {
        pairs[kept - 1] = rankOf(symbols[kept - 1]!, symbols[kept]);
      }
    }
    symbols.length = kept;
    pairs.length = kept;
    if (Number.isNaN(pairs[kept - 1])) pairs[kept - 1] = never;
  }
}
