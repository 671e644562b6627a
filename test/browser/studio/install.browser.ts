import { cp, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { HubEmulator } from '../../model-files/hub/index.js';
import { createRepository } from '../../model-files/hub/repository.js';
import { bundledModel, modelContents, unetFile } from '../../model-files/world.js';
import { openPage } from '../open-page.js';
import { violationsOf } from './axe.js';
import { startEasel } from './easel-server.js';

it('tells how large a model is, installs it, pauses and goes on; removes it, and has it back', async () => {
  const repository = createRepository('stabilityai/sd-turbo', await modelContents());
  const hub = await HubEmulator.start([repository]);
  onTestFinished(() => hub.close());
  const unet = repository.files.get(unetFile);
  if (!unet) throw new Error('The model has no such file.');
  hub.faults.add(unetFile, { kind: 'slow', bytesPerSecond: unet.bytes.length / 120 });
  const { url, folder } = await startEasel({ HF_ENDPOINT: hub.url });
  const { page, problems } = await openPage(`${url}/models`);
  await page.getByLabel('SD-Turbo: Size and versions').click();
  await page.getByText(/^[\d.]+ MB · whether it fits is known once it is installed$/).waitFor();
  await page.getByRole('button', { name: 'Install: SD-Turbo' }).click();
  await page.getByText(/MB of [\d.]+ MB · \d.* a second · .* left/).waitFor();
  expect(await violationsOf(page)).toEqual([]);
  await page.getByRole('button', { name: 'Pause: SD-Turbo' }).click();
  await page.getByText(/MB of [\d.]+ MB · paused/).waitFor();
  const blob = join(folder, '.cache/huggingface/hub/models--stabilityai--sd-turbo/blobs', unet.sha256);
  const { size } = await stat(`${blob}.incomplete`);
  expect(size).toBeGreaterThan(0);

  await page.getByRole('button', { name: 'Go on: SD-Turbo' }).click();
  const ready = page.getByRole('region', { name: 'Ready' });
  await ready.getByText('SD-Turbo', { exact: true }).waitFor();
  expect((await stat(blob)).size).toBe(unet.bytes.length);
  // What had come was not fetched again.
  const ranges = hub.seen.filter(({ file }) => file === unetFile).map(({ range }) => range);
  expect(ranges.at(-1)).toBe(`bytes=${size}-`);

  await page.getByLabel('SD-Turbo: Does it fit this machine?').click();
  await page.getByText(/^It fits: all stays open/).waitFor();
  await page.getByRole('button', { name: 'Remove SD-Turbo' }).click();
  const removed = page.getByRole('region', { name: 'Removed' });
  await removed.getByText(/Its files are deleted at/).waitFor();
  expect(await violationsOf(page)).toEqual([]);
  await page.getByRole('button', { name: 'Undo', exact: true }).last().click();
  await ready.getByText('SD-Turbo', { exact: true }).waitFor();
  await removed.waitFor({ state: 'detached' });

  await cp(bundledModel, join(folder, 'models', 'mine'), { recursive: true });
  await page.getByLabel('Folder or file on the server').fill(join(folder, 'models'));
  await page.getByRole('button', { name: 'Take over' }).click();
  await page.getByText('1 model: mine').waitFor();
  await page.getByRole('button', { name: 'Remove mine' }).click();
  await removed.getByRole('button', { name: 'Undo: mine' }).click();
  await page.getByRole('button', { name: 'Remove mine' }).waitFor();
  expect(problems).toEqual([]);
});
