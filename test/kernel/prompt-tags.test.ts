import { expect, test } from 'vitest';
import { withoutTags } from '../../core/src/kernel/routing/prompt-tags.js';

const tags = new Set(['<lora:ink:0.8>', '<lora:dots>']);

test.each([
  ['a red cat <lora:ink:0.8>', 'a red cat'],
  ['<lora:ink:0.8> a red cat', 'a red cat'],
  ['a red <lora:ink:0.8> cat', 'a red cat'],
  ['a red <lora:ink:0.8>cat', 'a red cat'],
  ['a red cat <lora:ink:0.8><lora:dots>', 'a red cat'],
  ['a cat <lora:ink:0.8>, at night', 'a cat, at night'],
  ['a cat <lora:other>', 'a cat <lora:other>'],
])('%j is read as %j', (prompt, read) => {
  expect(withoutTags(prompt, tags)).toBe(read);
});
