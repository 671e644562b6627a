import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { jsonOf } from '../../http/server.js';
import { floatTensor, writeSafetensors } from '../../reference/tensors.js';
import { openPage } from '../open-page.js';
import { violationsOf } from './axe.js';
import { startEasel } from './easel-server.js';

it('has the samplers and schedules of the model, and says what was sent', async () => {
  const { url } = await startEasel();
  const { page, problems } = await openPage(`${url}/make?p=it's+a+red+boat&steps=4&s=7`);
  await page.getByText('More settings').click();
  await page.getByLabel('Sampler').selectOption('DPM++ 2M');
  await page.getByLabel('Schedule').selectOption('Karras');
  await expect.poll(() => new URL(page.url()).searchParams.get('sampler')).toBe('DPM++ 2M Karras');
  await page.getByRole('button', { name: 'Make 1 image' }).click();
  await page.locator('.frame[data-state=finished]').waitFor();
  const { jobs } = await jsonOf<{ jobs: { request: object }[] }>(await fetch(`${url}/api/images/jobs`));
  expect(jobs[0]?.request).toMatchObject({ sampler: 'DPM++ 2M Karras', seed: 7 });

  await page.getByRole('button', { name: 'What was sent' }).click();
  const text = page.locator('.sent pre');
  const shown = async (form: string) => {
    await page.getByText(form, { exact: true }).click();
    return await text.innerText();
  };
  expect(await shown('A1111')).toMatch(
    /^it's a red boat\nSteps: 4, Sampler: .*, CFG scale: 3.5, Seed: 7, Size: 96x96, Model: picturebook$/,
  );
  expect(await shown('TypeScript')).toContain('  prompt: "it\'s a red boat",\n');
  const command = await shown('curl');
  expect(await violationsOf(page)).toEqual([]);
  const [, body = ''] = /-d '(.*)'$/s.exec(command) ?? [];
  const again = await fetch(`${url}/api/images/generate`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: body.replaceAll("'\\''", "'"),
  });
  expect(again.status).toBe(200);
  expect(problems).toEqual([]);
});

it('adds LoRAs of the model folders to the prompt, with a weight', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'easel-loras-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeSafetensors(join(folder, 'ink.safetensors'), {
    'lora_unet_conv_in.lora_down.weight': floatTensor([1], [0]),
  });
  await writeFile(join(folder, 'checkpoint.safetensors'), '');
  const { url } = await startEasel({ EASEL_MODEL_FOLDERS: folder });
  const { page } = await openPage(`${url}/make?p=a+red+boat`);
  await page.getByText('More settings').click();
  await page.getByLabel('Add a LoRA').selectOption('ink');
  expect(await page.getByLabel('Prompt').inputValue()).toBe('a red boat <lora:ink:1>');
  const weight = page.getByRole('slider', { name: 'ink' });
  await weight.focus();
  await page.keyboard.press('ArrowLeft');
  expect(await page.getByLabel('Prompt').inputValue()).toBe('a red boat <lora:ink:0.95>');
  await page.getByRole('button', { name: 'Remove ink' }).click();
  expect(await page.getByLabel('Prompt').inputValue()).toBe('a red boat');
});
