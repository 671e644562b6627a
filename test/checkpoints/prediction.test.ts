import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { floatTensor, type RawTensor } from '../reference/tensors.js';
import {
  differenceOf,
  golden,
  makeImage,
  rawTensors,
  temporaryFolder,
  writeCheckpoint,
} from './tiny-model.js';

const withoutScheduler = ['scheduler_config.json'];

/** A Stable Diffusion checkpoint in one file, without a word on what it predicts. */
async function writeSd(more: Record<string, RawTensor> = {}) {
  const tensors = await rawTensors(golden('f_single_file/sd15_single.safetensors'));
  const path = join(await temporaryFolder(), 'finetune.safetensors');
  return await writeCheckpoint(
    path,
    { ...tensors, ...more },
    { like: 'sd_pipeline', without: withoutScheduler },
  );
}

/** The same of XL. */
async function writeXl(more: Record<string, RawTensor> = {}) {
  const tensors = await rawTensors(golden('f_single_file/sdxl_single.safetensors'));
  const path = join(await temporaryFolder(), 'finetune.safetensors');
  return await writeCheckpoint(
    path,
    { ...tensors, ...more },
    { like: 'sdxl_pipeline', without: withoutScheduler },
  );
}

const marked = { v_pred: floatTensor([0], []) };

test('what a checkpoint predicts can be said as an option, by its yaml, or by a mark in it', async () => {
  const path = await writeSd();
  const plain = await makeImage({ path });
  const byMark = await makeImage({ path: await writeSd(marked) });
  const byOption = await makeImage({ path, options: { predictionType: 'v_prediction' } });
  expect(differenceOf(byMark.rgb, plain.rgb)).toBeGreaterThan(1);
  expect(differenceOf(byOption.rgb, byMark.rgb)).toBe(0);
  await writeFile(path.replace('.safetensors', '.yaml'), 'model:\n  params:\n    parameterization: "v"\n');
  expect(differenceOf((await makeImage({ path })).rgb, byMark.rgb)).toBe(0);
  const corrected = await makeImage({ path, options: { predictionType: 'epsilon' } });
  expect(differenceOf(corrected.rgb, plain.rgb)).toBe(0);
});

test("Stability's form of the yaml is read, and one that is none is refused", async () => {
  const path = await writeXl();
  const yaml = path.replace('.safetensors', '.yaml');
  const target = 'sgm.modules.diffusionmodules.denoiser_scaling.VScaling';
  const params = { denoiser_config: { params: { scaling_config: { target } } } };
  await writeFile(yaml, JSON.stringify({ model: { params } }));
  const byYaml = await makeImage({ path, type: 'sdxl' });
  const byMark = await makeImage({ path: await writeXl(marked), type: 'sdxl' });
  expect(differenceOf(byYaml.rgb, byMark.rgb)).toBe(0);
  await writeFile(yaml, 'model: [');
  await expect(makeImage({ path, type: 'sdxl' })).rejects.toMatchObject({
    code: 'ERR_MODEL_FILES_INVALID',
    message: expect.stringContaining(yaml),
  });
});

test('what a folder predicts can be said as an option', async () => {
  const path = golden('d_pipelines/sd_pipeline');
  const plain = await makeImage({ path });
  const told = await makeImage({ path, options: { predictionType: 'v_prediction' } });
  const same = await makeImage({ path, options: { predictionType: 'epsilon' } });
  expect(differenceOf(told.rgb, plain.rgb)).toBeGreaterThan(1);
  expect(differenceOf(same.rgb, plain.rgb)).toBe(0);
});

const number = (value: number) => floatTensor([], [value]);

test('CosXL is sampled as it was trained, from its largest sigma on', async () => {
  const marks = { 'edm_vpred.sigma_max': number(120), 'edm_vpred.sigma_min': number(0.002) };
  const path = await writeXl(marks);
  const made = await makeImage({ path, type: 'sdxl' });
  expect(made.sampler).toBe('edm_euler');
  const other = await writeXl({ ...marks, 'edm_vpred.sigma_max': number(60) });
  expect(differenceOf((await makeImage({ path: other, type: 'sdxl' })).rgb, made.rgb)).toBeGreaterThan(1);
  for (const sampler of ['dpmpp_2m_karras', 'euler_ancestral', 'heun', 'dpmpp_2m_sde_exponential'])
    expect(await makeImage({ path, type: 'sdxl', request: { sampler } })).toMatchObject({
      sampler,
      warnings: [],
    });
  await expect(makeImage({ path, type: 'sdxl', request: { sampler: 'ddim' } })).rejects.toThrow(
    "it was trained in EDM's way",
  );
});

test('Playground v2.5 is sampled as it was trained, with latents of its mean and deviation', async () => {
  const mean = floatTensor([1, 4, 1, 1], [0.1, 0.2, 0.3, 0.4]);
  const files = [4, 8].map(async (deviation) =>
    writeXl({ edm_mean: mean, edm_std: floatTensor([1, 4, 1, 1], new Array(4).fill(deviation)) }),
  );
  const [one, other] = await Promise.all(files);
  const made = await makeImage({ path: one!, type: 'sdxl' });
  expect(made.sampler).toBe('dpmpp_2m');
  expect(differenceOf((await makeImage({ path: other!, type: 'sdxl' })).rgb, made.rgb)).toBeGreaterThan(1);
});
