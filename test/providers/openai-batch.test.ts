/**
 * OpenAI's batches: the emulator proven by the official client, and the plugin through a kernel. What all
 * batches have in common is in `batches/`.
 *
 * @module
 */
import { drawPicture, isPictureOf, subjectOf } from '@easel/plugin-sdk/emulator';
import OpenAI, { toFile } from 'openai';
import { expect, it, onTestFinished } from 'vitest';
import { emulatedKey, OpenAiEmulator } from '../../plugins/openai/src/emulator/index.js';
import { after, killAt } from './kill-at.js';
import { createOpenAiWorld } from './openai-world.js';
import { pidOf } from './provider-kernels.js';

const generations = '/v1/images/generations';
const edits = '/v1/images/edits';

it('the emulator makes batches for the official client, and finds what is wrong with them', async () => {
  const emulator = await OpenAiEmulator.start();
  onTestFinished(() => emulator.close());
  const openai = new OpenAI({ apiKey: emulatedKey, baseURL: emulator.url, maxRetries: 0 });
  const make = async (endpoint: typeof generations | typeof edits, bodies: readonly object[]) => {
    const lines = bodies.map((body, index) => ({
      ...{ custom_id: `line-${index}`, method: 'POST', url: endpoint },
      body: { model: 'gpt-image-2', size: '64x64', ...body },
    }));
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    const file = await toFile(Buffer.from(text), 'in.jsonl');
    const { id: input_file_id } = await openai.files.create({ purpose: 'batch', file });
    const { id } = await openai.batches.create({ input_file_id, endpoint, completion_window: '24h' });
    await expect.poll(async () => (await openai.batches.retrieve(id)).status).toMatch(/completed|failed/);
    return await openai.batches.retrieve(id);
  };
  const linesOf = async (id: string | undefined) =>
    (await (await openai.files.content(id ?? '')).text())
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text));

  const made = await make(generations, [{ prompt: 'a hen' }, { prompt: 'a forbidden thing' }]);
  expect(made).toMatchObject({ request_counts: { total: 2, completed: 1, failed: 1 } });
  const [{ response }] = await linesOf(made.output_file_id);
  const [{ b64_json: base64 }] = response.body.data;
  expect(await isPictureOf(Buffer.from(base64, 'base64'), 'a hen')).toBe(true);
  expect(await linesOf(made.error_file_id)).toMatchObject([
    { custom_id: 'line-1', response: { status_code: 400, body: { error: { code: 'moderation_blocked' } } } },
  ]);

  const wrong = await make(generations, [
    { prompt: 'a hen' },
    { prompt: 'a hen', model: 'gpt-image-1.5' },
    { prompt: 'a hen', response_format: 'b64_json' },
    { prompt: 'a hen', stream: true },
  ]);
  expect(wrong.errors?.data?.map(({ line, code }) => [line, code])).toEqual([
    [2, 'mismatched_model'],
    [3, 'invalid_json_line'],
    [4, 'invalid_value'],
  ]);
  const withoutImages = await make(edits, [{ prompt: 'a hen' }]);
  expect(withoutImages.errors?.data?.[0]).toMatchObject({ param: 'body.images' });
  expect(emulator.paid).toBe(1);
});

it('makes images by batches for half the price, edits with a mask, and pays once whoever is killed', async () => {
  const { emulator, createKernel } = await createOpenAiWorld({
    settings: { gatherMs: 60, firstPollMs: 10, longestPollMs: 40, settleMs: 150 },
  });
  const kernel = createKernel();
  const asked = { prompt: 'a star', n: 2, providerOptions: { openai: { delivery: 'batch' } } };
  const directly = await kernel.generateImage({ ...asked, providerOptions: {} });
  const { images, cost, provenance } = await kernel.generateImage(asked);
  for (const { bytes } of images) expect(await isPictureOf(bytes, 'a star')).toBe(true);
  expect(provenance.parameters).toMatchObject({ delivery: 'batch', batches: ['batch_1'] });
  const textOnceMore = (20 * 5) / 1e6;
  expect(cost?.amount).toBeCloseTo((Number(directly.cost?.amount) + textOnceMore) / 2, 9);
  expect(emulator.batches.get('batch_1')?.created.endpoint).toBe(generations);

  const draw = async (subject: string) => ({
    bytes: new Uint8Array(await drawPicture(subject, { width: 64, height: 64 })),
    mediaType: 'image/png' as const,
  });
  const [input, mask] = [await draw('an input'), await draw('a mask')];
  const edited = await kernel.generateImage({ ...asked, n: 1, inputImages: [input], mask });
  expect(await isPictureOf(edited.images[0]!.bytes, subjectOf('a star', [input.bytes]))).toBe(true);
  const [line] = emulator.batches.get('batch_2')!.created.lines;
  expect(line?.body).toMatchObject({ mask: { image_url: expect.stringMatching(/^data:image\/png/) } });

  emulator.script = killAt(() => pidOf(kernel), ['POST', /\/batches$/, 1, after]);
  const call = () => kernel.generateImage(asked, { requestId: 'job-1' });
  await expect(call()).rejects.toMatchObject({ code: 'ERR_PLUGIN_CRASHED' });
  expect((await call()).provenance.parameters).toMatchObject({ resumed: 2, batches: ['batch_3'] });
  expect(emulator.paid).toBe(7);
  await expect.poll(() => emulator.files?.stored.size).toBe(0);

  const refused = { ...asked, prompt: 'a forbidden thing' };
  await expect(kernel.generateImage(refused)).rejects.toMatchObject({ code: 'ERR_CONTENT_REFUSED' });
});
