import { looksMisread } from './mojibake-signs.js';
import { latin1, singleByteEncodings, windows1252 } from './single-byte.js';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const isAscii = (text: string): boolean => /^\p{ASCII}*$/u.test(text);

// Bytes are held as strings of U+0000 to U+00FF, so that patterns can run over them.

/** UTF-8 sequences in which the byte A0, a no-break space, has become a plain space. */
const spacedSequence =
  /[\xc2\xc3\xc5\xce\xd0\xd9] |[\xe2\xe3] [\x80-\x84\x86-\x9f\xa1-\xbf]|[\xe0-\xe3][\x80-\x84\x86-\x9f\xa1-\xbf] |\xf0 [\x80-\xbf]{2}|\xf0[\x80-\xbf] [\x80-\xbf]|\xf0[\x80-\xbf]{2} /g;
/** "à" as a word of its own: the space after it belongs to the text. */
const loneGraveA = /\xc3 (?! |quele|quela|quilo|s )/g;

function restoreNoBreakSpaces(bytes: string): string {
  return bytes
    .replace(loneGraveA, '\xc3\xa0 ')
    .replace(spacedSequence, (sequence) => sequence.replaceAll(' ', '\xa0'));
}

/** UTF-8 sequences in which a converter has put 1A or "?" for a byte that it did not know. */
const lossySequence = new RegExp(
  [
    '[\\xc2-\\xdf]\\x1a|[\\xc2\\xc3]\\?',
    '\\xed[\\xa0-\\xaf][\\x1a?]\\xed[\\xb0-\\xbf][\\x1a?\\x80-\\xbf]',
    '\\xed[\\xa0-\\xaf][\\x1a?\\x80-\\xbf]\\xed[\\xb0-\\xbf][\\x1a?]',
    '[\\xe0-\\xef][\\x1a?][\\x1a\\x80-\\xbf]|[\\xe0-\\xef][\\x1a\\x80-\\xbf][\\x1a?]',
    '[\\xf0-\\xf4][\\x1a?][\\x1a\\x80-\\xbf]{2}|[\\xf0-\\xf4][\\x1a\\x80-\\xbf][\\x1a?][\\x1a\\x80-\\xbf]',
    '[\\xf0-\\xf4][\\x1a\\x80-\\xbf]{2}[\\x1a?]|\\x1a',
  ].join('|'),
  'g',
);

/**
 * Surrogate pairs written as two sequences of three bytes (CESU-8), and NUL written as C0 80 (Java), in plain
 * UTF-8.
 */
function normaliseVariants(bytes: string): string {
  return bytes
    .replace(/\xc0(?:\x80|$)/g, '\0')
    .replace(/\xed([\xa0-\xaf])([\x80-\xbf])\xed([\xb0-\xbf])([\x80-\xbf])/g, (sequence) => {
      const byte = (i: number) => sequence.charCodeAt(i);
      const code =
        0x10000 +
        ((byte(1) & 0x0f) << 16) +
        ((byte(2) & 0x3f) << 10) +
        ((byte(4) & 0x0f) << 6) +
        (byte(5) & 0x3f);
      return Buffer.from(String.fromCodePoint(code)).toString('latin1');
    });
}

function decodeUtf8(bytes: string): string | undefined {
  try {
    return utf8.decode(Buffer.from(normaliseVariants(bytes), 'latin1'));
  } catch {
    return undefined;
  }
}

/**
 * The characters that a range of bytes stands for in the encodings that text is misread in, as a character
 * class.
 */
function charactersOf(...ranges: readonly (readonly [number, number])[]): Set<string> {
  const encodings = singleByteEncodings.filter(
    ({ name }) => name === 'latin-1' || name.startsWith('windows-'),
  );
  const characters = new Set<string>();
  for (const [first, last] of ranges) {
    for (let byte = first; byte <= last; byte++) {
      for (const encoding of encodings) characters.add(encoding.character(byte));
    }
  }
  return characters;
}

const classOf = (characters: Iterable<string>): string =>
  `[${[...characters].map((character) => `\\u{${character.codePointAt(0)!.toString(16)}}`).join('')}]`;

/** Misread UTF-8 in the middle of a text that is otherwise right. */
function buildEmbeddedPattern(): RegExp {
  const continuation = charactersOf([0x80, 0xbf]);
  const strict = new Set(continuation);
  for (const ordinary of '–—―‘’‚“”„•…') strict.delete(ordinary);
  const next = classOf([...continuation, ' ']);
  const leads = [
    [charactersOf([0xc2, 0xdf]), 1],
    [charactersOf([0xe0, 0xef]), 2],
    [charactersOf([0xf0, 0xf0], [0xf3, 0xf3]), 3],
  ] as const;
  const sequences = leads.map(([lead, count]) => `${classOf(lead)}${next}{${count}}`);
  return new RegExp(`(?<!${classOf(strict)})(?:${sequences.join('|')})+`, 'gu');
}

const embedded = buildEmbeddedPattern();

function repairOnce(text: string): string {
  if (isAscii(text) || !looksMisread(text)) return text;
  for (const encoding of singleByteEncodings) {
    let bytes = encoding.encode(text);
    if (bytes === undefined) continue;
    if (encoding.name !== 'macintosh') bytes = restoreNoBreakSpaces(bytes);
    if (encoding.name.startsWith('windows-')) bytes = bytes.replace(lossySequence, '\xef\xbf\xbd');
    const decoded = decodeUtf8(bytes);
    if (decoded !== undefined) return decoded;
  }
  const mended = text.replace(embedded, (part) =>
    part.length < text.length && looksMisread(part) ? repairMojibake(part) : part,
  );
  if (mended !== text) return mended;
  const bytes = latin1.encode(text);
  if (bytes !== undefined && windows1252.encode(text) === undefined) return controlsToWindows(text);
  return bytes === undefined ? controlsToWindows(text) : text;
}

/** Control characters of C1 as the windows-1252 characters that were meant. */
export function controlsToWindows(text: string): string {
  return text.replace(/[\x80-\x9f]/g, (control) => windows1252.character(control.charCodeAt(0)));
}

/**
 * Repairs text that was UTF-8 and was read in a single-byte encoding ("schÃ¶n"), as often as that happened to
 * it. The procedure is ftfy's `fix_encoding`.
 */
export function repairMojibake(text: string): string {
  for (let current = text; ; ) {
    const repaired = repairOnce(current);
    if (repaired === current) return repaired;
    current = repaired;
  }
}
