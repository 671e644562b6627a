/**
 * The emulator's interactions, proven by Google's own client.
 *
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises';
import { isPictureOf } from '@easel/plugin-sdk/emulator';
import { GoogleGenAI } from '@google/genai';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { geminiKey, startGeminiEmulator } from '../../plugins/gemini/src/emulator/index.js';

const model = 'gemini-3.1-flash-image';
const emulator = await startGeminiEmulator();
afterAll(() => emulator.close());
beforeEach(() => {
  emulator.script = undefined;
});

const { interactions } = new GoogleGenAI({
  apiKey: geminiKey,
  vertexai: false,
  httpOptions: { baseUrl: emulator.url, retryOptions: { attempts: 1 } },
});
type Asked = Parameters<typeof interactions.create>[0];

async function ended(id: string) {
  for (;;) {
    const interaction = await interactions.get(id);
    if (interaction.status !== 'in_progress') return interaction;
    await pause(20);
  }
}

const imageOf = ({ steps = [] }: Awaited<ReturnType<typeof ended>>): Buffer => {
  const blocks = steps.flatMap((step) => (step.type === 'model_output' ? (step.content ?? []) : []));
  const [data = ''] = blocks.flatMap((block) => (block.type === 'image' ? (block.data ?? []) : []));
  return Buffer.from(data, 'base64');
};

it('makes a picture in the background, goes on from it, and forgets it', async () => {
  const begun = await interactions.create({
    model,
    input: 'a red house',
    background: true,
    response_format: { type: 'image', aspect_ratio: '16:9', image_size: '2K' },
  });
  expect(begun).toMatchObject({ status: 'in_progress', id: expect.stringMatching(/^v1_/) });
  const made = await ended(begun.id);
  expect(made).toMatchObject({
    status: 'completed',
    usage: { total_output_tokens: 1680, output_tokens_by_modality: [{ modality: 'image', tokens: 1680 }] },
  });
  expect(await isPictureOf(imageOf(made), 'a red house')).toBe(true);

  const next = await interactions.create({
    model,
    input: [{ type: 'text', text: 'now by night' }],
    previous_interaction_id: begun.id,
  });
  expect(next).toMatchObject({ status: 'completed', previous_interaction_id: begun.id });
  expect(imageOf(next).byteLength).toBeGreaterThan(0);
  expect(emulator.paid).toBe(2);

  await interactions.delete(begun.id);
  await expect(interactions.get(begun.id)).rejects.toMatchObject({ statusCode: 404 });
  await expect(
    interactions.create({ model, input: 'again', previous_interaction_id: begun.id }),
  ).rejects.toMatchObject({ statusCode: 404 });
  expect(emulator.paid).toBe(2);
});

it('ends one that nobody wants, and none that has ended', async () => {
  const before = emulator.paid;
  emulator.script = () => ({ workMs: 3_600_000 });
  const { id } = await interactions.create({ model, input: 'a snail', background: true });
  expect(await interactions.cancel(id)).toMatchObject({ status: 'cancelled' });
  expect(emulator.paid).toBe(before);
  await expect(interactions.cancel(id)).rejects.toMatchObject({ statusCode: 400 });
});

it.each<[string, object, number]>([
  ['one in the background that is not stored', { background: true, store: false }, 400],
  ['a field that there is not', { n: 2 }, 400],
  ['a size that the model lacks', { response_format: { type: 'image', image_size: '2k' } }, 400],
  ['a level that the model lacks', { generation_config: { thinking_level: 'low' } }, 400],
  ['a model that there is not', { model: 'imagen-4.0-generate-001' }, 404],
  [
    'bytes that are no picture',
    { input: [{ type: 'image', mime_type: 'image/png', data: 'AAAAAAAA' }] },
    400,
  ],
])('refuses %s', async (_, field, statusCode) => {
  const before = emulator.paid;
  const asked = { model, input: 'a house', ...field } as Asked;
  await expect(interactions.create(asked)).rejects.toMatchObject({ statusCode });
  expect(emulator.paid).toBe(before);
});
