import { fileURLToPath } from 'node:url';
import OpenAI, { toFile } from 'openai';
import { describe, expect, it } from 'vitest';
import { onePixelPng } from '../fixtures/one-pixel-png.js';
import { startServer } from './server.js';

const fixtures = (relative: string) => fileURLToPath(new URL(`../fixtures/${relative}`, import.meta.url));
const prompt = 'a fixture';

async function createClient(): Promise<OpenAI> {
  const { url } = await startServer({
    pluginFolders: [fixtures('preview-plugins')],
    catalogueFolders: [fixtures('preview-catalogue')],
    currentModel: 'sketch-one',
  });
  return new OpenAI({ apiKey: 'unused', baseURL: `${url}/v1`, maxRetries: 0 });
}

async function all<Event>(stream: AsyncIterable<Event>): Promise<Event[]> {
  const events: Event[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

/** What OpenAI's reference lists for a picture that is not done yet. */
const partialOf = (type: string, index: number) => ({
  type,
  b64_json: expect.stringMatching(/^iVBOR/),
  partial_image_index: index,
  created_at: expect.any(Number),
  size: '1x1',
  quality: 'auto',
  background: 'opaque',
  output_format: 'png',
});

describe("OpenAI's client sees pictures that are not done yet", () => {
  it('of a generation', async () => {
    const client = await createClient();
    const [first, second, last, ...more] = await all(
      await client.images.generate({ prompt, stream: true, partial_images: 2 }),
    );
    const type = 'image_generation.partial_image';
    expect([first, second]).toEqual([partialOf(type, 0), partialOf(type, 1)]);
    expect(last).toMatchObject({
      type: 'image_generation.completed',
      usage: { total_tokens: expect.any(Number) },
    });
    expect(more).toEqual([]);
    const [partial] = [first].filter((event) => event?.type === type);
    const bytes = Buffer.from(partial?.b64_json ?? '', 'base64');
    expect(bytes.equals(Buffer.from(onePixelPng))).toBe(true);
  });

  it('of an edit', async () => {
    const client = await createClient();
    const image = await toFile(onePixelPng, 'a.png', { type: 'image/png' });
    const events = await all(await client.images.edit({ image, prompt, stream: true, partial_images: 3 }));
    const type = 'image_edit.partial_image';
    expect(events.slice(0, -1)).toEqual([0, 1, 2].map((index) => partialOf(type, index)));
    expect(events.at(-1)?.type).toBe('image_edit.completed');
  });

  it('of several pictures, counted through', async () => {
    const client = await createClient();
    const events = await all(await client.images.generate({ prompt, n: 2, stream: true, partial_images: 2 }));
    const indexes = events.flatMap((event) =>
      event.type === 'image_generation.partial_image' ? [event.partial_image_index] : [],
    );
    expect(indexes).toEqual([0, 1, 2, 3]);
  });

  it.each([0, undefined])('never where it asks for %s', async (partial_images) => {
    const client = await createClient();
    const events = await all(
      await client.images.generate({
        prompt,
        stream: true,
        ...(partial_images === 0 ? { partial_images } : {}),
      }),
    );
    expect(events.map(({ type }) => type)).toEqual(['image_generation.completed']);
  });
});
