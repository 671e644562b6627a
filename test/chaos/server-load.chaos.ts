import { randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { startServeCommand } from './fixtures/serve-command.js';

const agent = new Agent({ keepAlive: true, maxSockets: 1_100 });
const mebibyte = 1024 * 1024;

interface Shot {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly type?: string;
  readonly body?: string | Buffer;
}

/** Sends it and answers the status. */
const send = (url: string, { method, path, type = 'application/json', body }: Shot): Promise<number> =>
  new Promise((resolve, reject) => {
    const sent = request(`${url}${path}`, {
      method,
      agent,
      headers: body === undefined ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(body) },
    });
    sent.on('error', reject);
    sent.on('response', (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
    });
    sent.end(body);
  });

async function many(count: number, atOnce: number, shoot: (index: number) => Promise<number>) {
  const tally: Record<number, number> = {};
  let next = 0;
  const work = async () => {
    while (next < count) {
      const status = await shoot(next++);
      tally[status] = (tally[status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return tally;
}

async function measure(url: string): Promise<{ delayP99Ms: number; residentMb: number }> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const read = (name: RegExp) => Number(name.exec(text)?.[1] ?? Number.NaN);
  return {
    // Timers of 10 ms are late by what is beyond that.
    delayP99Ms: read(/quantile="0.99"} (\S+)/) * 1_000 - 10,
    residentMb: read(/^easel_process_resident_bytes (\S+)/m) / mebibyte,
  };
}

/** A form with a picture of so many bytes. */
async function pictureForm(bytes: number): Promise<{ type: string; body: Buffer }> {
  const edge = Math.ceil(Math.sqrt(bytes / 3));
  const raw = { width: edge, height: edge, channels: 3 as const };
  // Noise does not become smaller.
  const picture = await sharp(randomBytes(edge * edge * 3), { raw })
    .png({ compressionLevel: 0 })
    .toBuffer();
  const head = [
    '--x\r\ncontent-disposition: form-data; name="prompt"\r\n\r\na fixture\r\n',
    '--x\r\ncontent-disposition: form-data; name="image"; filename="a.png"\r\ncontent-type: image/png\r\n\r\n',
  ].join('');
  return {
    type: 'multipart/form-data; boundary=x',
    body: Buffer.concat([Buffer.from(head), picture, Buffer.from('\r\n--x--\r\n')]),
  };
}

it('1,000 slow calls at once, 10,000 small requests and 50 uploads of 20 MB are answered, and leave no memory behind', async () => {
  const { url } = await startServeCommand({
    plugins: { steady: { runtime: { concurrency: 1_000, queue: 2_000 } } },
  });
  const generate = (delayMs: number): Shot => ({
    method: 'POST',
    path: '/v1/images/generations',
    body: JSON.stringify({ prompt: 'a fixture', provider_options: { steady: { delayMs } } }),
  });
  await many(200, 20, () => send(url, generate(0)));
  const before = await measure(url);

  const slow = await many(1_000, 1_000, () => send(url, generate(3_000)));
  const atSlow = await measure(url);
  const small = await many(10_000, 64, (index) =>
    send(url, index % 2 === 0 ? { method: 'GET', path: '/v1/models' } : { method: 'GET', path: '/healthz' }),
  );
  const atSmall = await measure(url);
  const form = await pictureForm(20 * mebibyte);
  // The fixture's model takes no pictures: each is read whole, and refused with 400.
  const uploads = await many(50, 5, () => send(url, { method: 'POST', path: '/v1/images/edits', ...form }));
  const atUploads = await measure(url);
  // The first wave sizes the heap; what grows with the second is not given back.
  const again = await many(50, 5, () => send(url, { method: 'POST', path: '/v1/images/edits', ...form }));
  await many(200, 20, () => send(url, generate(0)));
  await pause(2_000);
  const after = await measure(url);
  console.log(JSON.stringify({ slow, small, uploads, before, atSlow, atSmall, atUploads, after }));
  expect(slow).toEqual({ 200: 1_000 });
  expect(small).toEqual({ 200: 10_000 });
  expect([uploads, again]).toEqual([{ 400: 50 }, { 400: 50 }]);
  // The aim is 50 ms on a quiet machine; this one shares its two cores with the client.
  for (const { delayP99Ms } of [atSlow, atSmall, atUploads]) expect(delayP99Ms).toBeLessThan(500);
  // Garbage that V8 has not collected yet moves it by some uploads; a leak of the wave would be a gigabyte.
  expect(after.residentMb - atUploads.residentMb).toBeLessThan(250);
});
