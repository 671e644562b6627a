import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { adapters } from './kinds/adapters.js';
import { lora } from './kinds/lora.js';
import { networks } from './kinds/networks.js';
import { noise } from './kinds/noise.js';
import { pipelines } from './kinds/pipelines.js';
import { promptWeights } from './kinds/prompt-weights.js';
import { quantised } from './kinds/quantised.js';
import { samplers } from './kinds/samplers.js';
import { schedulers } from './kinds/schedulers.js';
import { singleFile } from './kinds/single-file.js';
import { tokenizer } from './kinds/tokenizer.js';

describe.each([
  noise,
  schedulers,
  samplers,
  networks,
  pipelines,
  tokenizer,
  singleFile,
  lora,
  adapters,
  quantised,
  promptWeights,
])('$folder', async (kind) => {
  const cases = await kind.cases(fileURLToPath(new URL(`../golden/${kind.folder}`, import.meta.url)));
  test.each(cases)('$id equals the reference', async (reference) => {
    const outcome = await reference.run();
    expect(outcome.status, outcome.detail).toBe('passed');
  });
});
