import { describe, expect, test } from 'vitest';
import { splitComposition } from './composition.js';
import { readEditedPrompt, stagesOf } from './edited-prompt.js';

const stages = (prompt: string, steps = 10, earlierSteps?: number) =>
  stagesOf(readEditedPrompt(prompt), { steps, earlierSteps }).map(({ until, text }) => [until, text]);
const alternating = (...texts: readonly string[]) =>
  Array.from({ length: 10 }, (_, index) => [index + 1, texts[index % texts.length]]);

/** The examples of `get_learned_conditioning_prompt_schedules` in webui's `modules/prompt_parser.py`. */
test.each<[string, unknown]>([
  ['test', [[10, 'test']]],
  [
    'a [b:3]',
    [
      [3, 'a '],
      [10, 'a b'],
    ],
  ],
  [
    'a [b: 3]',
    [
      [3, 'a '],
      [10, 'a b'],
    ],
  ],
  [
    'a [[[b]]:2]',
    [
      [2, 'a '],
      [10, 'a [[b]]'],
    ],
  ],
  [
    '[(a:2):3]',
    [
      [3, ''],
      [10, '(a:2)'],
    ],
  ],
  [
    'a [b : c : 1] d',
    [
      [1, 'a b  d'],
      [10, 'a  c  d'],
    ],
  ],
  [
    'a[b:[c:d:2]:1]e',
    [
      [1, 'abe'],
      [2, 'ace'],
      [10, 'ade'],
    ],
  ],
  ['a [unbalanced', [[10, 'a [unbalanced']]],
  [
    'a [b:.5] c',
    [
      [5, 'a  c'],
      [10, 'a b c'],
    ],
  ],
  [
    '((a][:b:c [d:3]',
    [
      [3, '((a][:b:c '],
      [10, '((a][:b:c d'],
    ],
  ],
  ['[a|(b:1.1)]', alternating('a', '(b:1.1)')],
  ['[fe|]male', alternating('female', 'male')],
  ['[fe|||]male', alternating('female', 'male', 'male', 'male')],
  [
    'a [b::0.5] c',
    [
      [5, 'a b c'],
      [10, 'a  c'],
    ],
  ],
  ['[a:b:1.0]', [[10, 'a']]],
  ['[a:b:12]', [[10, 'a']]],
  ['[a:b:0]', [[10, 'b']]],
  ['\\[a:b:0.5\\] (c|d) [e: f]', [[10, '\\[a:b:0.5\\] (c|d) [e: f]']]],
])('reads %s as webui does', (prompt, expected) => {
  expect(stages(prompt)).toEqual(expected);
});

test.each<[string, unknown]>([
  ['a [b:.5] c', [[10, 'a b c']]],
  [
    'a [b:1.5] c',
    [
      [5, 'a  c'],
      [10, 'a b c'],
    ],
  ],
  [
    'a [b:25] c',
    [
      [5, 'a  c'],
      [10, 'a b c'],
    ],
  ],
  ['a [b:12] c', [[10, 'a b c']]],
])('goes on in a second pass: %s', (prompt, expected) => {
  expect(stages(prompt, 10, 20)).toEqual(expected);
});

test.each(['[', '(', '[a:', '[a|', ']', '[[a:1]:1]|'])('reads 32,000 characters of %s', (part) => {
  expect(stages(part.repeat(32_000 / part.length), 1)).toHaveLength(1);
});

describe('composition', () => {
  test.each([
    ['a cat', [{ text: 'a cat', weight: 1 }]],
    ['16:9', [{ text: '16:9', weight: 1 }]],
    [
      'a cat AND a dog',
      [
        { text: 'a cat', weight: 1 },
        { text: ' a dog', weight: 1 },
      ],
    ],
    [
      'a cat :1.2 AND a\ndog AND (a penguin:1.1):-.5',
      [
        { text: 'a cat', weight: 1.2 },
        { text: ' a\ndog', weight: 1 },
        { text: ' (a penguin:1.1)', weight: -0.5 },
      ],
    ],
    [
      'A SANDY BRAND AND',
      [
        { text: 'A SANDY BRAND', weight: 1 },
        { text: '', weight: 1 },
      ],
    ],
  ])('splits %j', (prompt, parts) => {
    expect(splitComposition(prompt)).toEqual(parts);
  });
});
