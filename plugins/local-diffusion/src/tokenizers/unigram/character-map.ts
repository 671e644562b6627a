import { invalidFiles } from '../../checkpoint/invalid-files.js';

/** A unit of the trie, as darts-clone packs it into 32 bits (include/darts.h, `DoubleArrayUnit`). */
const hasLeaf = (unit: number): boolean => ((unit >>> 8) & 1) === 1;
const textStartOf = (unit: number): number => unit & 0x7fffffff;
const labelOf = (unit: number): number => (unit & 0x800000ff) >>> 0;
const offsetOf = (unit: number): number => (unit >>> 10) << ((unit & 0x200) >>> 6);

/** Longer groups of characters are never replaced as one. */
const longestGroupBytes = 5;

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/**
 * Reads SentencePiece's table of replacements (`precompiled_charsmap`): the bytes of a trie, whose length
 * stands in front of it, then what its values point into, texts that end with a zero.
 *
 * @returns replaces characters as Hugging Face's tokenizers do (`Precompiled`): a grapheme that begins with
 * an entry as a whole, or else each character by itself
 * @throws ERR_MODEL_FILES_INVALID for bytes that are no such table
 */
export function readCharacterMap(bytes: Uint8Array, what: string): (text: string) => string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const trieBytes = bytes.length < 4 ? -1 : view.getUint32(0, true);
  if (trieBytes < 4 || trieBytes % 4 !== 0 || 4 + trieBytes > bytes.length)
    throw invalidFiles(`${what}: the table of replaced characters is damaged.`);
  const units = Uint32Array.from({ length: trieBytes / 4 }, (_, index) =>
    view.getUint32(4 + 4 * index, true),
  );
  const texts = Buffer.from(bytes.subarray(4 + trieBytes));

  const replacementOf = (characters: Buffer): string | undefined => {
    let node = offsetOf(units[0]!);
    for (const byte of characters) {
      node ^= byte;
      const unit = units[node];
      if (byte === 0 || unit === undefined || labelOf(unit) !== byte) return undefined;
      node ^= offsetOf(unit);
      if (!hasLeaf(unit)) continue;
      const start = textStartOf(units[node] ?? 0);
      const end = texts.indexOf(0, start);
      return texts.toString('utf8', start, end === -1 ? texts.length : end);
    }
    return undefined;
  };
  const known = new Map<string, string>();
  const replace = (grapheme: string): string => {
    const characters = Buffer.from(grapheme);
    const whole = characters.length <= longestGroupBytes ? replacementOf(characters) : undefined;
    return whole ?? [...grapheme].map((each) => replacementOf(Buffer.from(each)) ?? each).join('');
  };
  return (text) => {
    let replaced = '';
    for (const { segment } of graphemes.segment(text)) {
      const result = known.get(segment) ?? replace(segment);
      if (known.size < 4096) known.set(segment, result);
      replaced += result;
    }
    return replaced;
  };
}
