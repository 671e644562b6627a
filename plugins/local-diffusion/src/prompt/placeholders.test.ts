import { expect, test } from 'vitest';
import { splitAtPlaceholders } from './placeholders.js';

const placeholder = (word: string) => ({ word, ids: [1] });
/** Placeholders in braces. */
const split = (text: string, ...words: string[]) =>
  splitAtPlaceholders(text, words.map(placeholder)).map((part) =>
    typeof part === 'string' ? part : `{${part.word}}`,
  );

test.each([
  ['a <cat>, red', ['<cat>'], ['a ', '{<cat>}', ', red']],
  ['<cat><cat>', ['<cat>'], ['{<cat>}', '{<cat>}']],
  ['EasyNegative', ['easynegative'], ['{easynegative}']],
  ['bad \n hands', ['bad hands'], ['{bad hands}']],
  ['cats, tomcat, cat5, écat, cat.', ['cat'], ['cats, tomcat, cat5, écat, ', '{cat}', '.']],
  ['style-12 style-1', ['style-1'], ['style-12 ', '{style-1}']],
  ['style-1-soft', ['style-1', 'style-1-soft'], ['{style-1-soft}']],
  ['a.b axb', ['a.b'], ['{a.b}', ' axb']],
  ['(c++) [x]/', ['(c++)', '[x]/'], ['{(c++)}', ' ', '{[x]/}']],
  ['nothing', [' '], ['nothing']],
  ['', ['cat'], []],
  ['text', [], ['text']],
])('splits %j at %j', (text, words, expected) => {
  expect(split(text, ...words)).toEqual(expected);
});
