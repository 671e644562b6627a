import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import type { OpenAiAnswer } from './answers.js';
import { colours, columnsOf, halves, startMaskServer } from './masked-images.js';
import { jsonOf, type TestServer } from './server.js';

/** Where an image is fetched from, and a place that leads there. */
async function startImageHost(image: Buffer): Promise<string> {
  const host = createServer((request, response) => {
    if (request.url === '/elsewhere') response.writeHead(302, { location: '/image.png' }).end();
    else if (request.url === '/image.png') response.end(image);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    host.close();
  });
  return `http://127.0.0.1:${(host.address() as AddressInfo).port}`;
}

async function edit(server: TestServer, prompt: string, body: object) {
  const response = await server.post('/v1/images/edits', { prompt, size: '64x64', ...body });
  const { data, error } = await jsonOf<Partial<OpenAiAnswer> & { error?: { message: string } }>(response);
  if (!data) return [response.status, error?.message];
  return (await columnsOf(Buffer.from(data[0]?.b64_json ?? '', 'base64'))).columns;
}

const dataUrl = (image: Buffer) => `data:image/png;base64,${image.toString('base64')}`;

it('reads the images of an edit that is JSON, and the mask as OpenAI means it', async () => {
  const server = await startMaskServer();
  const [image, mask] = [
    await halves(colours.red, colours.white),
    await halves(colours.clear, colours.opaqueBlack),
  ];
  const images = [{ image_url: dataUrl(image) }];
  expect(await edit(server, 'image', { images })).toEqual(['ff0000', 'ff0000', 'ffffff', 'ffffff']);
  // What is transparent is painted, in blue.
  const masked = { images, mask: { image_url: dataUrl(mask) } };
  expect(await edit(server, 'blue', masked)).toEqual(['0000ff', '0000ff', 'ffffff', 'ffffff']);
});

it('reads the images of a form also where they are text, as JSON has them', async () => {
  const server = await startMaskServer();
  const [image, mask] = [
    dataUrl(await halves(colours.red, colours.white)),
    dataUrl(await halves(colours.clear, colours.opaqueBlack)),
  ];
  const send = async (fields: Record<string, string>) => {
    const form = new FormData();
    for (const [name, text] of Object.entries({ prompt: 'blue', size: '64x64', ...fields }))
      form.append(name, text);
    const response = await fetch(`${server.url}/v1/images/edits`, { method: 'POST', body: form });
    const { data, error } = await jsonOf<Partial<OpenAiAnswer> & { error?: { message: string } }>(response);
    if (!data) return error?.message;
    return (await columnsOf(Buffer.from(data[0]?.b64_json ?? '', 'base64'))).columns;
  };
  expect(await send({ image, mask })).toEqual(['0000ff', '0000ff', 'ffffff', 'ffffff']);
  expect(await send({ 'image[]': image.replace('data:', 'DATA:'), mask: 'null' })).toEqual(
    Array(4).fill('0000ff'),
  );
  expect(await send({ image, mask: 'C:\\mask.png' })).toMatch(/^mask: must be base64/);
  expect(await send({ image: 'undefined' })).toBe('image: is missing');
});

it('fetches an image from its address, from one of a private network only where the operator allows it', async () => {
  const host = await startImageHost(await halves(colours.red, colours.white));
  const images = [{ image_url: `${host}/elsewhere` }];
  expect(await edit(await startMaskServer(), 'image', { images })).toEqual([
    400,
    expect.stringContaining('images.0: '),
  ]);
  const open = await startMaskServer({ server: { privateAddresses: true } });
  expect(await edit(open, 'image', { images })).toEqual(['ff0000', 'ff0000', 'ffffff', 'ffffff']);
  expect(await edit(open, 'image', { images: [{ image_url: `${host}/none` }] })).toEqual([
    400,
    expect.stringContaining('it answered 404'),
  ]);
});
