import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { openCaseModel } from '../../../../../test/reference/case-model.js';
import { openModel } from '../../models/open-model.js';
import { NetworkMemory } from '../../session/network-memory.js';

const golden = fileURLToPath(new URL('../../../../../test/golden', import.meta.url));
const request = {
  prompts: ['a', 'a cat in a hat'],
  negativePrompts: undefined,
  isGuided: false,
  clipSkip: 0,
  width: 64,
  height: 64,
};

async function open() {
  const files = await openCaseModel(`${golden}/d_pipelines/chroma_pipeline`, golden, {});
  const model = await openModel(files, { memory: new NetworkMemory({ threads: 1 }) });
  onTestFinished(async () => {
    await model.release();
    await files.dispose();
  });
  return model;
}

test('Chroma is shown the text, its end and one token of padding', async () => {
  const { conditional } = await (await open()).condition({ ...request, familyOptions: { textTokens: 24 } });
  const { data, shape } = conditional.text_mask!;
  expect(shape).toEqual([2, 24]);
  const [short, long] = [data.slice(0, 24), data.slice(24)].map((row) =>
    [...row].map(Number).reduce((sum, each) => sum + each, 0),
  );
  expect([...data.slice(0, short)].every((each) => each === 1)).toBe(true);
  // One token, its end and the padding.
  expect(short).toBe(3);
  expect(long).toBeGreaterThan(short!);
  expect(long).toBeLessThan(24);
});

test('Chroma takes no textual inversions', async () => {
  const inversions = [{ file: '/style.safetensors', word: 'style', matrices: [] }];
  const model = await open();
  await expect(model.condition({ ...request, inversions })).rejects.toThrow(/takes no textual inversions/);
});
