import { describe, expect, test } from 'vitest';
import { parsePromptWeights } from './weights.js';

/** The parts as webui prints them: [text, weight], and BREAK. */
const parse = (prompt: string) =>
  parsePromptWeights(prompt).map((part) => (part.kind === 'break' ? 'BREAK' : [part.text, part.weight]));

describe('parsePromptWeights', () => {
  // The examples in the docstring of webui's parse_prompt_attention.
  test.each([
    ['normal text', [['normal text', 1]]],
    [
      'an (important) word',
      [
        ['an ', 1],
        ['important', 1.1],
        [' word', 1],
      ],
    ],
    ['(unbalanced', [['unbalanced', 1.1]]],
    ['\\(literal\\]', [['(literal]', 1]]],
    ['(unnecessary)(parens)', [['unnecessaryparens', 1.1]]],
    [
      'a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).',
      [
        ['a ', 1],
        ['house', 1.5730000000000004],
        [' ', 1.1],
        ['on', 1],
        [' a ', 1.1],
        ['hill', 0.55],
        [', sun, ', 1.1],
        ['sky', 1.4641000000000006],
        ['.', 1.1],
      ],
    ],
  ])('reads %j as webui documents it', (prompt, expected) => {
    expect(parse(prompt)).toEqual(expected);
  });

  test.each([
    ['', []],
    ['()', []],
    ['[word]', [['word', 1 / 1.1]]],
    ['(word: 1.3 )', [['word', 1.3]]],
    [
      '(word:-.5)(other:+2.)',
      [
        ['word', -0.5],
        ['other', 2],
      ],
    ],
    ['[[a', [['a', (1 / 1.1) * (1 / 1.1)]]],
    ['a) b] c:1.3) d', [['a) b] c:1.3) d', 1]]],
    ['[a:1.3)', [['a:1.3)', 1 / 1.1]]],
    ['(a]b)', [['a]b', 1.1]]],
    ['a: b, c:d', [['a: b, c:d', 1]]],
    ['\\\\ \\[x\\] \\y', [['\\ [x] y', 1]]],
    ['(a:1.2.3)', [['a:1.2.3', 1.1]]],
    ['x(:2)', [['x', 1]]],
  ])('reads %j', (prompt, expected) => {
    expect(parse(prompt)).toEqual(expected);
  });

  test.each([
    ['a BREAK b', [['a', 1], 'BREAK', ['b', 1]]],
    ['BREAK', ['BREAK']],
    ['a\nBREAK\nBREAK b', [['a', 1], 'BREAK', 'BREAK', ['b', 1]]],
    [
      'BREAKFAST BREAKs eBREAK éBREAK BREAKé _BREAK break',
      [['BREAKFAST BREAKs eBREAK éBREAK BREAKé _BREAK break', 1]],
    ],
    ['a,BREAK,b', [['a,', 1], 'BREAK', [',b', 1]]],
    ['(a BREAK b:1.5) c', [['a', 1.5], 'BREAK', ['b', 1.5], [' c', 1]]],
    ['(a)BREAK(b)', [['a', 1.1], 'BREAK', ['b', 1.1]]],
  ])('breaks %j', (prompt, expected) => {
    expect(parse(prompt)).toEqual(expected);
  });

  test('reads a long prompt of nothing but signs', () => {
    expect(parse('('.repeat(5000))).toEqual([]);
    expect(parse(`:${' '.repeat(5000)}BREAK`.repeat(20)).filter((part) => part === 'BREAK')).toHaveLength(20);
  });
});
