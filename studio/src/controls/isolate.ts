const rightToLeft =
  /[\p{Bidi_Control}\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;
const [open, close] = ['\u2068', '\u2069'];

/**
 * A name as part of a sentence: it is written in its own direction, and changes that of no other word. What
 * would turn the words around it is left out. Parts of the page of their own have `bdi` or `dir="auto"`.
 */
export const isolate = (name: string): string =>
  rightToLeft.test(name) ? `${open}${name.replace(/\p{Bidi_Control}/gu, '')}${close}` : name;
