import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { writePngText } from '../../../core/src/results/png-text.js';
import { halves } from '../../http/masked-images.js';
import { jsonOf } from '../../http/server.js';
import { openPage } from '../open-page.js';
import { violationsOf } from './axe.js';
import { shareEasel } from './easel-server.js';
import { finishedImage } from './finished-image.js';

const easel = shareEasel();

const edge = 96;
/** An image that no model would make by chance: each of its pixels has another colour. */
const pixels = Buffer.from(
  Array.from({ length: edge * edge }, (_, at) => [(at * 7) % 256, (at * 13) % 256, (at * 29) % 256]).flat(),
);
const png = () =>
  sharp(pixels, { raw: { width: edge, height: edge, channels: 3 } })
    .png()
    .toBuffer();

/** Puts an image where the browser has what was copied, and pastes it. */
async function paste(page: Page, image: Buffer): Promise<void> {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.evaluate(`(async () => {
    const bytes = Uint8Array.from(atob('${image.toString('base64')}'), (letter) => letter.charCodeAt(0));
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': new Blob([bytes], { type: 'image/png' }) })]);
  })()`);
  await page.keyboard.press('Control+v');
}

async function drop(page: Page, image: Buffer): Promise<void> {
  const transfer = await page.evaluateHandle(`(() => {
    const bytes = Uint8Array.from(atob('${image.toString('base64')}'), (letter) => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], 'an image.png', { type: 'image/png' }));
    return transfer;
  })()`);
  await page.locator('.work').dispatchEvent('drop', { dataTransfer: transfer });
}

/** The pixels of the newest image of a server, three bytes each. */
async function newestPixels(url: string): Promise<Buffer> {
  const { images } = await jsonOf<{ images: { name: string }[] }>(await fetch(`${url}/api/images/gallery`));
  const file = await fetch(`${url}/api/images/results/${images[0]?.name}`);
  const { data, info } = await sharp(await file.arrayBuffer())
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect([info.width, info.height]).toEqual([edge, edge]);
  return data;
}
const rowsOf = (data: Buffer, first: number, last: number) =>
  data.subarray(3 * edge * first, 3 * edge * last);

it('starts from an image that is pasted or dropped, and has it after a refresh', async () => {
  const { url } = easel();
  const { page, problems } = await openPage(`${url}/make?p=a+red+boat&steps=20&s=7&strength=0.1`);
  await page.getByText('Drop or paste an image here').waitFor();
  await paste(page, await halves([250, 220, 40], [30, 60, 220], edge));
  await page.getByRole('img', { name: 'Input image 1' }).waitFor();
  await page.getByRole('button', { name: 'Remove input image 1' }).click();
  await page.getByText('Drop or paste an image here').waitFor();
  await drop(page, await halves([250, 220, 40], [30, 60, 220], edge));
  await page.getByRole('img', { name: 'Input image 1' }).waitFor();
  await page.reload();
  await page.getByRole('img', { name: 'Input image 1' }).waitFor();
  await page.getByRole('button', { name: 'Make 1 image' }).click();
  await finishedImage(page);
  // Its left half was yellow, and its right half blue.
  const made = await newestPixels(url);
  const redOf = (isHere: (column: number) => boolean) => {
    const found = [...made].filter((_, at) => at % 3 === 0 && isHere(Math.floor(at / 3) % edge));
    return found.reduce((sum, value) => sum + value, 0) / found.length;
  };
  expect(redOf((column) => column < edge / 2) - redOf((column) => column >= edge / 2)).toBeGreaterThan(60);
  expect(problems).toEqual([]);
});

it('paints a mask by keys and by pointer, with undo, and keeps every pixel outside of it', async () => {
  const { url } = easel();
  const { page, problems } = await openPage(`${url}/make?p=a+red+boat&steps=4&s=7&strength=1`);
  await page.getByText('Drop or paste an image here').waitFor();
  await drop(page, await png());
  await page.getByRole('button', { name: 'Paint a mask' }).click();
  const surface = page.getByRole('application', { name: 'Image to mark' });
  await surface.waitFor();
  expect(await violationsOf(page)).toEqual([]);
  const marked = () =>
    page.evaluate<number>(`(() => {
      const canvas = document.querySelector('.mask-place canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return data.filter((value, at) => at % 4 === 3 && value > 0).length;
    })()`);

  await surface.focus();
  await page.keyboard.press('Space');
  for (let step = 0; step < 8; step++) await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Space');
  await expect.poll(marked).toBeGreaterThan(100);
  const byKeys = await marked();
  await page.keyboard.press('Control+z');
  await expect.poll(marked).toBe(0);
  await page.keyboard.press('Control+Shift+z');
  await expect.poll(marked).toBe(byKeys);
  const box = await surface.boundingBox();
  if (!box) throw new Error('The surface is not there.');
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x - 60, y, { steps: 4 });
  await page.mouse.up();
  await expect.poll(marked).toBeGreaterThan(byKeys);
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('button', { name: 'Change the mask' }).waitFor();

  await page.getByRole('button', { name: 'Make 1 image' }).click();
  await finishedImage(page);
  const made = await newestPixels(url);
  // The brush is a tenth of the image and went along its middle.
  expect(rowsOf(made, 0, 40).equals(rowsOf(pixels, 0, 40))).toBe(true);
  expect(rowsOf(made, 56, edge).equals(rowsOf(pixels, 56, edge))).toBe(true);
  expect(rowsOf(made, 46, 50).equals(rowsOf(pixels, 46, 50))).toBe(false);
  expect(problems).toEqual([]);
});

it('enlarges the frame of an image, paints what is new, and keeps the image', async () => {
  const { url } = easel();
  const { page, problems } = await openPage(`${url}/make?p=a+red+boat&steps=4&s=7`);
  await page.getByText('Drop or paste an image here').waitFor();
  await drop(page, await png());
  const open = page.getByRole('button', { name: 'Enlarge the frame' });
  await open.click();
  const right = page.getByRole('slider', { name: 'Right' });
  await right.focus();
  await page.keyboard.press('End');
  await page.getByText('192 × 96', { exact: true }).waitFor();
  expect(await violationsOf(page)).toEqual([]);
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByText('The frame has 192 × 96 pixels.').waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(() => new URL(page.url()).searchParams.get('w')).toBe(`${edge}`);
  await open.click();
  await right.focus();
  await page.keyboard.press('End');
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('button', { name: 'Change the mask' }).waitFor();
  await page.getByRole('button', { name: 'Make 1 image' }).click();
  await finishedImage(page);
  const { images } = await jsonOf<{ images: { name: string }[] }>(await fetch(`${url}/api/images/gallery`));
  const file = await (await fetch(`${url}/api/images/results/${images[0]?.name}`)).arrayBuffer();
  const columns = async (left: number) =>
    await sharp(file).extract({ left, top: 0, width: edge, height: edge }).removeAlpha().raw().toBuffer();
  expect((await columns(0)).equals(pixels)).toBe(true);
  // What is new is no longer the colours of the edge.
  const painted = await columns(edge);
  expect(new Set(painted.subarray(0, 3 * edge)).size).toBeGreaterThan(3);
  expect(problems).toEqual([]);
});

it('takes over the settings of an image of another tool, and has the old ones back', async () => {
  const { url } = easel();
  const { page, problems } = await openPage(`${url}/make?p=a+red+boat&n=2`);
  await page.getByText('Drop or paste an image here').waitFor();
  const text = [
    'a lighthouse',
    'Negative prompt: people',
    'Steps: 30, Sampler: Euler, CFG scale: 6.5, Seed: 12345, Size: 128x64, Model: other, Version: v1.10.1',
  ].join('\n');
  await drop(page, Buffer.from(writePngText(await png(), { parameters: text })));
  await page.getByRole('button', { name: 'Take its settings over' }).click();
  await page.getByText('The settings are those of the file.').waitFor();
  expect(await page.getByLabel('Prompt').inputValue()).toBe('a lighthouse');
  expect(await page.getByLabel('Seed', { exact: true }).inputValue()).toBe('12345');
  expect(await page.getByRole('img', { name: 'Input image 1' }).count()).toBe(0);
  await expect
    .poll(() => new URL(page.url()).search)
    .toBe('?p=a+lighthouse&not=people&w=128&h=64&n=2&steps=30&g=6.5&sampler=Euler&s=12345');
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(() => new URL(page.url()).searchParams.get('p')).toBe('a red boat');
  expect(problems).toEqual([]);
});
