import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { floatTensor, readTensors, writeSafetensors } from '../../../../../test/reference/tensors.js';
import { openModel } from '../../models/open-model.js';
import { NetworkMemory } from '../../session/network-memory.js';

const golden = fileURLToPath(new URL('../../../../../test/golden/d_pipelines/sd3_pipeline', import.meta.url));
const request = {
  prompts: ['a cat'],
  negativePrompts: undefined,
  isGuided: false,
  clipSkip: 0,
  width: 64,
  height: 64,
};

async function open(path: string) {
  const model = await openModel({ path }, { memory: new NetworkMemory({ threads: 1 }) });
  onTestFinished(() => model.release());
  return model;
}

describe('a folder without T5', () => {
  async function withoutT5(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'easel-sd3-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await cp(golden, folder, { recursive: true, filter: (path) => !/(text_encoder|tokenizer)_3/.test(path) });
    const index = JSON.parse(await readFile(join(golden, 'model_index.json'), 'utf8')) as object;
    const without = { ...index, text_encoder_3: [null, null], tokenizer_3: [null, null] };
    await writeFile(join(folder, 'model_index.json'), JSON.stringify(without));
    return folder;
  }

  test('is told as many zeros as CLIP has tokens', async () => {
    const model = await open(await withoutT5());
    const { conditional, warnings } = await model.condition(request);
    const { data, shape } = conditional.encoder_hidden_states!;
    expect(shape).toEqual([1, 2 * 77, 48]);
    expect(data.slice(77 * 48)).toEqual(new Float32Array(77 * 48));
    expect(data.slice(0, 40).some((value) => value !== 0)).toBe(true);
    // Both CLIPs are 40 wide together.
    expect(data.slice(40, 48)).toEqual(new Float32Array(8));
    expect(warnings).toEqual([]);
  });

  test('says that CLIP alone cut a long prompt, which T5 would have read', async () => {
    const prompts = [Array.from({ length: 80 }, () => 'a').join(' ')];
    const short = await (await open(await withoutT5())).condition({ ...request, prompts });
    expect(short.warnings).toEqual([expect.stringMatching(/had no effect/)]);
    const long = await (await open(golden)).condition({ ...request, prompts });
    expect(long.warnings).toEqual([]);
  });
});

test('refuses a size that its table of positions does not reach', async () => {
  const model = await open(golden);
  // A table of 12 tokens an edge, each of 16 pixels.
  const large = model.condition({ ...request, height: 208 });
  await expect(large).rejects.toThrow(/height: 208 pixels.*up to 192/);
  await expect(model.condition({ ...request, height: 192 })).resolves.toBeDefined();
});

test('is told which layers to leave out where that is asked for alone', async () => {
  const model = await open(golden);
  const skipLayerGuidance = { layers: [1] };
  const asked = { guidanceScale: 4, negativePrompts: undefined, familyOptions: { skipLayerGuidance } };
  const weakened = model.guidance.weaken?.(asked);
  expect(weakened).toMatchObject({ scale: 2.8, start: 0.01, stop: 0.2 });
  expect([...weakened!.weakInputs(2).kept_blocks!.data]).toEqual([1, 0, 1, 0]);
  expect([...weakened!.plainInputs(1).kept_blocks!.data]).toEqual([1, 1]);
  expect(model.guidance.weaken?.({ ...asked, familyOptions: {} })).toBeUndefined();
});

test('a CLIP without a projection, as FLUX.1 has it, is told by its place', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'easel-sd3-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await cp(golden, folder, { recursive: true });
  const file = join(folder, 'text_encoder/model.safetensors');
  const kept = [...(await readTensors(file, (name) => name !== 'text_projection.weight'))];
  const tensors = kept.map(([name, { shape, data }]) => [name, floatTensor(shape, data as Float32Array)]);
  await writeSafetensors(file, Object.fromEntries(tensors));
  await expect(open(folder)).rejects.toMatchObject({
    code: 'ERR_MODEL_FILES_INVALID',
    message: expect.stringContaining('the first CLIP has no text_projection'),
  });
});
