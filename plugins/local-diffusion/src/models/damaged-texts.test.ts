import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { damage, randomNumbers, survives } from '../../../../test/fixtures/damage.js';

import { families } from '../families/index.js';
import { planSampling } from '../sampling/plan.js';
import { readSchedulerConfig } from '../sampling/scheduler-config/scheduler-config.js';
import { openClipTokenizer } from '../tokenizers/open-clip-tokenizer.js';

import { readPipelineIndex } from './pipeline-index.js';

const limitMs = 60_000;
const bundledModel = fileURLToPath(new URL('../../../../models/picturebook', import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'easel-damaged-texts-'));
  await cp(join(bundledModel, 'tokenizer'), folder, { recursive: true });
});
afterAll(() => rm(folder, { recursive: true }));

const openWords = async () => void (await openClipTokenizer({ folder })).encode('a red circle, (twice)');

const texts: readonly (readonly [string, number, (bytes: Buffer) => Promise<unknown>])[] = [
  [
    'scheduler/scheduler_config.json',
    1500,
    async (bytes) => {
      const schedulerConfig = readSchedulerConfig(bytes.toString('utf8'), 'scheduler_config.json');
      planSampling({ schedulerConfig, steps: 10 });
    },
  ],
  ['model_index.json', 500, () => readPipelineIndex(folder, families)],
  ['tokenizer/tokenizer_config.json', 300, openWords],
  ['tokenizer/special_tokens_map.json', 300, openWords],
  ['tokenizer/vocab.json', 150, openWords],
  ['tokenizer/merges.txt', 150, openWords],
];

test.each(texts)(
  'a damaged %s is read, or refused',
  async (path, count, read) => {
    const whole = await readFile(join(bundledModel, path));
    const random = randomNumbers(11);
    const copy = join(folder, path.split('/').at(-1)!);
    let refused = 0;
    for (let index = 0; index < count; index += 1) {
      const bytes = damage(whole, random);
      await writeFile(copy, bytes);
      if (!(await survives(() => read(bytes)))) refused += 1;
    }
    await writeFile(copy, whole);
    expect(await survives(() => read(whole))).toBe(true);
    expect(refused).toBeGreaterThan(0);
  },
  limitMs,
);
