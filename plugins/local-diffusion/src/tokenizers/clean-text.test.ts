import { expect, test } from 'vitest';
import { cleanPrompt, fixText } from './clean-text.js';

test.each([
  ['schÃ¶n', 'schön'],
  ['â€œquotesâ€\x9d', '"quotes"'],
  ['Ð¿Ñ€Ð¸Ð²ÐµÑ‚', 'привет'],
  ['├│ cr├¿me', 'ó crème'],
  ['ÃƒÂ© twice', 'é twice'],
  ['a photo of cafÃ© in winter, déjà vu', 'a photo of café in winter, déjà vu'],
  ['it\x92s c1', "it's c1"],
  ['naïve façade, Ωμέγα, 日本', 'naïve façade, Ωμέγα, 日本'],
])('repairs %j', (text, expected) => {
  expect(fixText(text)).toBe(expected);
});

test.each([
  ['rock &amp;amp; roll', 'rock & roll'],
  ['&#39;x&#x27; &eacute; &EACUTE; &hellip; &nosuch; &amp', "'x' é É … &nosuch; &amp"],
  ['<b>&amp;</b>\n&lt;', '<b>&amp;</b>\n&lt;'],
  ['&amp;\n<i>', '&\n<i>'],
])('unescapes %j unless it is HTML', (text, expected) => {
  expect(fixText(text)).toBe(expected);
});

test.each([
  ['ﬁne ﬃ Ǆ ﬅ', 'fine ffi DŽ ſt'],
  ['ＦＵＬＬ　１２ ｱ', 'FULL 12 ア'],
  ['“a” ‘b’ „c', '"a" \'b\' "c'],
  ['a\r\nb\rc\u2028d', 'a\nb\nc\nd'],
  ['\x1b[1;31mred\x1b[0m \x07\ufeff\0', 'red '],
  ['cafe\u0301', 'café'],
  ['\ud83d lone \udc00', '\ufffd lone \ufffd'],
])('normalises %j', (text, expected) => {
  expect(fixText(text)).toBe(expected);
});

test('gives the tokenizer single spaces and lower case', () => {
  expect(cleanPrompt('  A\tDog\n\n\u3000IN Köln ΣΑΣ ')).toBe('a dog in köln σας');
});
