import { expect, test } from 'vitest';
import { parseComfyUiWeights } from './comfyui-weights.js';

const read = (prompt: string) =>
  parseComfyUiWeights(prompt).map((part) => (part.kind === 'text' ? [part.text, part.weight] : []));

// What ComfyUI's token_weights gives for them.
test.each([
  ['a) (b:1.5) c', [['a) (b:1.5) c', 1]]],
  [
    '(a (b)',
    [
      ['a ', 1.1],
      ['(b', 1.1],
    ],
  ],
  [
    '(a:1e1)(b:nan)',
    [
      ['a', 10],
      ['b:nan', 1.1],
    ],
  ],
  [
    '((a:2) b)',
    [
      ['a', 2],
      [' b', 1.1],
    ],
  ],
  ['()', []],
  ['\\\\(a)', [['\\(a)', 1]]],
  ['a BREAK [b] AND c', [['a BREAK [b] AND c', 1]]],
])('%s', (prompt, parts) => expect(read(prompt)).toEqual(parts));

test('brackets in any number are read in little time', () => {
  const [part] = read(`${'('.repeat(16_000)}a${')'.repeat(16_000)}`);
  expect(part?.[1]).toBeCloseTo(1.1 ** 100);
});
