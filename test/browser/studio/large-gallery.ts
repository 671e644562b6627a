import { linkSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { expect } from 'vitest';
import { jsonOf } from '../../http/server.js';
import { type EaselServer, startEasel } from './easel-server.js';

export const imageCount = 20_000;
export const imagesPerDay = 200;
const dayMs = 24 * 3_600_000;

/** Adds images to the one that a server has made: each is another name of its files. */
function addImages(storage: string, name: string): void {
  const pathOf = (one: string) => join(storage, 'results', one.slice(0, 2), one);
  // The first two characters are a folder.
  const prefixes = Array.from({ length: 256 }, (_, index) => index.toString(16).padStart(2, '0'));
  for (const prefix of prefixes) mkdirSync(join(storage, 'results', prefix), { recursive: true });
  const database = new Database(join(storage, 'jobs.db'));
  const insert = database.prepare(
    `INSERT INTO images (name, caller, created_at, job, prompt, model, plugin, media_type, width, height, seed, about)
     SELECT ?, caller, created_at - ?, NULL, ?, model, plugin, media_type, width, height, ?, about FROM images WHERE name = ?`,
  );
  database.transaction(() => {
    for (let index = 0; index < imageCount; index++) {
      const one = `${prefixes[index % 256]}${`${index}`.padStart(62, '0')}.png`;
      for (const ending of ['', '.json', '.thumb.webp'])
        linkSync(pathOf(name) + ending, pathOf(one) + ending);
      const { changes } = insert.run(
        one,
        Math.floor(index / imagesPerDay + 1) * dayMs,
        `image ${index}`,
        index,
        name,
      );
      if (changes !== 1) throw new Error(`${name} is not listed.`);
    }
  })();
  database.close();
}

/** A server whose gallery has an image of today, and 20,000 of the hundred days before, 200 a day. */
export async function startWithLargeGallery(): Promise<EaselServer> {
  const server = await startEasel();
  const made = await fetch(`${server.url}/api/images/generate`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ prompt: 'the newest', steps: 2, seed: 7 }),
  });
  const { image_url } = await jsonOf<{ image_url: string }>(made);
  const name = new URL(image_url).pathname.split('/').at(-1) ?? '';
  await (await fetch(`${server.url}/api/images/results/${name}/thumbnail`)).arrayBuffer();
  const total = async () =>
    (await jsonOf<{ total: number }>(await fetch(`${server.url}/api/images/gallery?limit=1`))).total;
  // Where the disk is slow, an image is answered before it is listed; the others are copies of its row.
  await expect.poll(total).toBe(1);
  addImages(join(server.folder, 'storage'), name);
  expect(await total()).toBe(imageCount + 1);
  return server;
}
