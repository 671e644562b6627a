import { expect, it } from 'vitest';
import { changeWeight, chosenParts } from '../../studio/src/make/prompt-weight.js';

/** A text after the part at a place, or what is selected, counts more or less. */
function weighted(text: string, start: number, by: number, end = start): string {
  const change = changeWeight(text, { start, end }, by);
  if (!change) return text;
  return text.slice(0, change.range.start) + change.text + text.slice(change.range.end);
}

it('has words and selections of a prompt count more or less, and takes that away again', () => {
  expect(weighted('a red boat', 4, 0.1)).toBe('a (red:1.1) boat');
  expect(weighted('a (red:1.1) boat', 5, 0.1)).toBe('a (red:1.2) boat');
  expect(weighted('a (red:1.1) boat', 5, -0.1)).toBe('a red boat');
  expect(weighted('a red boat', 2, -0.1, 10)).toBe('a (red boat:0.9)');
  expect(weighted('a red boat', 10, 0.1)).toBe('a red (boat:1.1)');
  expect(weighted('a (red:2)', 4, 0.1)).toBe('a (red:2)');
  expect(weighted('a , b', 2, 0.1)).toBe('a , b');
  expect(weighted('', 0, 0.1)).toBe('');
});

it('knows what of a prompt is chosen by the seed', () => {
  expect(chosenParts('a {red|blue} __things/boat__ {x} <lora:my__good__one:1>')).toEqual([
    '{red|blue}',
    '__things/boat__',
  ]);
});
