import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { checkMissingCuda } from './missing-cuda.js';

const card = fileURLToPath(import.meta.url);

test('a card without its libraries is told with what to do', () => {
  expect(checkMissingCuda(['cpu', 'webgpu'], card)).toEqual([
    expect.objectContaining({ ok: false, optional: true, fix: expect.stringContaining('easel gpu install') }),
  ]);
});

test('nothing is told where the libraries are, or no card is', () => {
  expect(checkMissingCuda(['cpu', 'cuda'], card)).toEqual([]);
  expect(checkMissingCuda(['cpu'], `${card}.none`)).toEqual([]);
});
