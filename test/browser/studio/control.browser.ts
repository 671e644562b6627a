import { expect, it } from 'vitest';
import { serveFrom } from '../../chaos/fixtures/serve-command.js';
import { jsonOf } from '../../http/server.js';
import {
  asked,
  createControlledModel,
  edge,
  guidance,
  readControlReference,
} from '../../integration/controlled-model.js';
import { openPage } from '../open-page.js';
import { violationsOf } from './axe.js';
import { finishedImage } from './finished-image.js';

it('has an image followed by a ControlNet as diffusers does it, and keeps it over a refresh', async () => {
  const { url } = await serveFrom(await createControlledModel());
  const { image, expectReference } = await readControlReference();
  const settings = { p: asked.prompt, not: asked.negative_prompt, s: asked.seed, steps: asked.steps };
  const rest = { m: 'tiny', g: guidance, sampler: asked.sampler, w: edge, h: edge };
  const given = Object.entries({ ...settings, ...rest }).map(
    ([name, value]) => [name, `${value}`] as [string, string],
  );
  const { page, problems } = await openPage(`${url}/make?${new URLSearchParams(given)}`);

  const open = () => page.locator('summary', { hasText: 'More' }).click();
  await open();
  const chooser = page.locator('input[data-followed]');
  await chooser.setInputFiles({ name: 'edges.png', mimeType: 'image/png', buffer: image });
  await page.getByRole('img', { name: 'Image to follow 1' }).waitFor();
  const net = page.getByLabel('ControlNet of image 1');
  await expect.poll(() => net.locator('option').allTextContents()).toEqual(['edges', 'controlnet/xl']);
  expect(await violationsOf(page)).toEqual([]);

  await page.reload();
  await open();
  await page.getByRole('img', { name: 'Image to follow 1' }).waitFor();
  // One for another model is refused in plain words.
  await net.selectOption('controlnet/xl');
  await page.getByRole('button', { name: 'Make 1 image' }).click();
  await page.getByText(/ControlNet xl is for another model/).waitFor();
  await net.selectOption('edges');
  const refused = page.url();
  await page.getByRole('button', { name: 'Make 1 image' }).click();
  await page.waitForURL((address) => `${address}` !== refused);
  await finishedImage(page);
  const { images } = await jsonOf<{ images: { name: string }[] }>(await fetch(`${url}/api/images/gallery`));
  const made = await fetch(`${url}/api/images/results/${images[0]?.name}`);
  await expectReference(new Uint8Array(await made.arrayBuffer()));

  await page.getByRole('button', { name: 'Remove image to follow 1' }).click();
  await page.getByRole('img', { name: 'Image to follow 1' }).waitFor({ state: 'detached' });
  expect(problems).toEqual([]);
});
