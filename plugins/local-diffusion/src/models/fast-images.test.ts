import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { generatePictures } from '../pipelines/generate-pictures.js';
import { TorchGenerator } from '../sampling/noise/torch-generator.js';
import { NetworkMemory } from '../session/network-memory.js';
import type { Arithmetic } from './model-files.js';
import { openModel } from './open-model.js';

const path = fileURLToPath(new URL('../../../../models/picturebook', import.meta.url));
const prompts = ['a red house and a green tree in a meadow', 'a yellow star at night'];
/** Planes go from -1 to 1. */
const range = 2;

async function makeAll(arithmetic: Arithmetic): Promise<readonly Float32Array[]> {
  const model = await openModel({ path, arithmetic }, { memory: new NetworkMemory({}) });
  try {
    expect(model.arithmetic).toBe(arithmetic);
    expect(model.warnings).toEqual([]);
    const made: Float32Array[] = [];
    for (const [seed, prompt] of prompts.entries()) {
      const { planes } = await generatePictures(model, {
        ...{
          prompts: [prompt],
          inversions: [],
          negativePrompts: undefined,
          clipSkip: 0,
          promptStyle: 'weighted',
        },
        ...{
          width: 96,
          height: 96,
          steps: 8,
          guidanceScale: 5,
          guidanceRescale: 0,
          familyOptions: undefined,
        },
        generators: [new TorchGenerator(seed)],
      });
      made.push(planes);
    }
    return made;
  } finally {
    await model.release();
  }
}

/** Peak signal-to-noise ratio, in dB. */
function psnr(actual: Float32Array, expected: Float32Array): number {
  const squares = expected.reduce((sum, value, index) => sum + (value - actual[index]!) ** 2, 0);
  return 10 * Math.log10((range ** 2 * expected.length) / squares);
}

test('the bundled model makes in fast nearly the images of exact, and the same each time', async () => {
  const exact = await makeAll('exact');
  const fast = await makeAll('fast');
  const decibels = fast.map((planes, index) => psnr(planes, exact[index]!));
  // Measured: 56.1, 56.1 and 60.9.
  expect(Math.min(...decibels)).toBeGreaterThan(45);
  expect(Math.max(...decibels)).toBeLessThan(100);
  expect(await makeAll('fast')).toEqual(fast);
});
