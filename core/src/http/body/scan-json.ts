import { isAscii } from 'node:buffer';
import { HttpError } from '../errors.js';

/** Bytes of a JSON body once its large strings, which hold images, are set aside. */
export const jsonLimit = 1024 * 1024;
/** Levels of arrays and objects. */
export const depthLimit = 32;
/** Values in all: numbers, texts, flags, arrays, objects. */
export const valueLimit = 5_000;
/**
 * Bytes from which on a string is set aside. Longer than any prompt, whose 32,000 characters have at most
 * 128,000 bytes.
 */
const largeString = 128 * 1024;

const [quote, backslash, comma, openArray, closeArray, openObject, closeObject] = [...'"\\,[]{}'].map(
  (character) => character.charCodeAt(0),
);

/** Where a large string stands, without its quotes. */
export interface LargeString {
  readonly start: number;
  readonly end: number;
}

/**
 * Goes over a JSON text once, without building anything of it, and finds its large strings. What lies in
 * strings is skipped by a native search, so that a body full of images costs little. Whether the text is
 * valid JSON is left to the parser.
 *
 * @throws HttpError 413 where the rest is larger than {@link jsonLimit}, 400 where it is too deep or has too
 * many values
 */
export function findLargeStrings(text: Buffer): LargeString[] {
  const large: LargeString[] = [];
  let [depth, values, aside] = [0, 1, 0];
  for (let at = 0; at < text.length; at++) {
    if (at - aside > jsonLimit) throw tooLarge();
    switch (text[at]) {
      case quote: {
        const end = endOfString(text, at + 1);
        if (isImageLike(text, at + 1, end)) {
          large.push({ start: at + 1, end });
          aside += end - at;
        }
        at = end;
        break;
      }
      case comma:
        if (++values > valueLimit) throw tooComplex(`more than ${valueLimit} values`);
        break;
      case openArray:
      case openObject:
        if (++values > valueLimit) throw tooComplex(`more than ${valueLimit} values`);
        if (++depth > depthLimit) throw tooComplex(`more than ${depthLimit} levels`);
        break;
      case closeArray:
      case closeObject:
        depth--;
    }
  }
  if (text.length - aside > jsonLimit) throw tooLarge();
  return large;
}

/** Index of the quote that ends a string; the end of the text where there is none. */
function endOfString(text: Buffer, start: number): number {
  for (let from = start; ; ) {
    const at = text.indexOf(quote as number, from);
    if (at === -1) return text.length;
    let escapes = at;
    while (escapes > start && text[escapes - 1] === backslash) escapes--;
    if ((at - escapes) % 2 === 0) return at;
    // No image has an escaped quote in it.
    if (at - start > jsonLimit) throw tooLarge();
    from = at + 1;
  }
}

/**
 * Base64, or a data URL with it, is ASCII; its beginning tells it from other text. Some encoders escape its
 * slashes, or write it in lines.
 */
function isImageLike(text: Buffer, start: number, end: number): boolean {
  if (end - start < largeString) return false;
  const content = text.subarray(start, end);
  const beginning = content.toString('latin1', 0, 1_000);
  return /^(data:(?:[\w/.+;=-]|\\\/)*,)?(?:[\w+/=-]|\\[/nr])*\\?$/.test(beginning) && isAscii(content);
}

const tooLarge = () =>
  new HttpError(
    413,
    'body_too_large',
    `The JSON of the body, without the images in it, must have at most ${jsonLimit} bytes.`,
  );
const tooComplex = (what: string) =>
  new HttpError(400, 'body_too_complex', `The JSON of the body has ${what}, and is not read.`);
