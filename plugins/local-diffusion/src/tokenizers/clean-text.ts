import { unescapeHtml } from './html-entities.js';
import { controlsToWindows, repairMojibake } from './mojibake.js';

/** Latin ligatures and digraphs that are one character for typesetting only. */
function splitLigatures(text: string): string {
  return text.replace(/[ĲĳŉǄ-ǌǱ-ǳﬀ-ﬆ]/g, (character) =>
    character === 'ﬅ' ? 'ſt' : character.normalize('NFKC'),
  );
}

/** Fullwidth letters to plain ones, halfwidth kana and hangul to full ones. */
function unifyWidths(text: string): string {
  return text.replace(/[\u3000\uff01-\uffef]/g, (character) => character.normalize('NFKC'));
}

function straightenQuotes(text: string): string {
  return text.replace(/[\u201c-\u201f]/g, '"').replace(/[\u02bc\u2018-\u201b]/g, "'");
}

function unifyLineBreaks(text: string): string {
  return text.replace(/\r\n|[\r\u2028\u2029\x85]/g, '\n');
}

/**
 * Control characters that no text means: all but tab, line feed, form feed and carriage return, the byte
 * order mark and others.
 */
function dropControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\0-\x08\x0b\x0e-\x1f\x7f\u206a-\u206f\ufeff\ufff9-\ufffc]/g, '');
}

function dropTerminalEscapes(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one
  return text.replace(/\x1b\[[\d;]*[a-zA-Z]/g, '');
}

const fixes: readonly ((text: string) => string)[] = [
  repairMojibake,
  controlsToWindows,
  splitLigatures,
  unifyWidths,
  straightenQuotes,
  unifyLineBreaks,
  // A surrogate without its partner is not a character.
  (text) => text.replace(/\p{Surrogate}/gu, '\ufffd'),
  dropTerminalEscapes,
  dropControls,
  (text) => text.normalize('NFC'),
];

/**
 * Repairs text as ftfy 6's `fix_text` does, which CLIP's reference tokenizer runs first: character references
 * of HTML, text read in the wrong encoding, ligatures, character widths, quotes, line breaks, control
 * characters, and at last Unicode form C. Each line is repaired until nothing changes. References stay as
 * they are from the first line with a "<" on: that is HTML.
 */
export function fixText(text: string): string {
  let unescapes = true;
  const lines = text.match(/[^\n]*\n|[^\n]+/g) ?? [];
  return lines
    .map((line) => {
      if (line.includes('<')) unescapes = false;
      for (let current = line; ; ) {
        const start = unescapes ? unescapeHtml(current) : current;
        const fixed = fixes.reduce((result, fix) => fix(result), start);
        if (fixed === current) return fixed;
        current = fixed;
      }
    })
    .join('');
}

/** What CLIP's tokenizer sees of a prompt: repaired, in lower case, with single spaces. */
export function cleanPrompt(text: string): string {
  return fixText(text).replace(/\s+/g, ' ').trim().toLowerCase();
}
