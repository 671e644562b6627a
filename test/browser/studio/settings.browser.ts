import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { jsonOf } from '../../http/server.js';
import { floatTensor, writeSafetensors } from '../../reference/tensors.js';
import { openPage } from '../open-page.js';
import { violationsOf } from './axe.js';
import { shareEasel } from './easel-server.js';
import { finishedImage } from './finished-image.js';

const loras = mkdtempSync(join(tmpdir(), 'easel-loras-'));
afterAll(() => rmSync(loras, { recursive: true, maxRetries: 10 }));
const easel = shareEasel({ EASEL_MODEL_FOLDERS: loras });

it('has the samplers and schedules of the model, and says what was sent', async () => {
  const { url } = easel();
  const { page, problems } = await openPage(`${url}/make?p=it's+a+red+boat&steps=4&s=7`);
  await page.getByText('More settings').click();
  await page.getByLabel('Sampler').selectOption('DPM++ 2M');
  await page.getByLabel('Schedule').selectOption('Karras');
  await expect.poll(() => new URL(page.url()).searchParams.get('sampler')).toBe('DPM++ 2M Karras');
  await page.getByRole('button', { name: 'Make 1 image' }).click();
  await finishedImage(page);
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

/** Leaves the page no place to keep anything. */
const fillStorage = `for (let size = 2 ** 22; size >= 1; size /= 2)
  try { localStorage.setItem('full ' + size, 'x'.repeat(size)); } catch {}`;

it('keeps words as a style, and adds them to other prompts; and goes on where nothing can be kept', async () => {
  const { page, problems } = await openPage(`${easel().url}/make?p={prompt},+in+ink`);
  await page.getByText('More settings').click();
  await page.getByLabel('Name of a style').fill('Ink');
  await page.keyboard.press('Enter');
  // The address shows it a moment later; a refresh before that has it all the same.
  await page.getByLabel('Prompt').fill('a red boat');
  await page.reload();
  await page.getByText('More settings').click();
  await page.getByRole('button', { name: 'Add the style Ink' }).click();
  await expect.poll(() => page.getByLabel('Prompt').inputValue()).toBe('a red boat, in ink');
  await page.getByRole('button', { name: 'Forget the style Ink' }).click();
  await page.getByRole('button', { name: /Ink/ }).waitFor({ state: 'detached' });
  await page.evaluate(fillStorage);
  await page.getByLabel('Prompt').fill('a blue moon above a house');
  await expect.poll(() => new URL(page.url()).searchParams.get('p')).toBe('a blue moon above a house');
  expect(problems).toEqual([]);
});

it('adds LoRAs of the model folders to the prompt, with a weight, and computes fast where that is wished', async () => {
  await writeSafetensors(join(loras, 'ink.safetensors'), {
    'lora_unet_conv_in.lora_down.weight': floatTensor([1], [0]),
  });
  await writeFile(join(loras, 'checkpoint.safetensors'), '');
  const { url } = easel();
  const { page } = await openPage(`${url}/make?p=a+red+boat`);
  await page.getByText('More settings').click();
  await page.getByLabel('Add a LoRA').selectOption('ink');
  await expect.poll(() => page.getByLabel('Prompt').inputValue()).toBe('a red boat <lora:ink:1>');
  const weight = page.getByRole('slider', { name: 'ink' });
  await weight.focus();
  await page.keyboard.press('ArrowLeft');
  await expect.poll(() => page.getByLabel('Prompt').inputValue()).toBe('a red boat <lora:ink:0.95>');
  await page.getByRole('button', { name: 'Remove ink' }).click();
  await expect.poll(() => page.getByLabel('Prompt').inputValue()).toBe('a red boat');

  await page.getByLabel('Precision').selectOption('fast');
  const sent = page.waitForRequest(/api\/images\/jobs$/);
  await page.getByRole('button', { name: 'Make 1 image' }).click();
  expect((await sent).postDataJSON()).toMatchObject({
    provider_options: { 'local-diffusion': { precision: 'fast' } },
  });
  await finishedImage(page);
});
