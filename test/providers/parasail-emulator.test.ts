/**
 * The emulator, proven by OpenAI's own client, which Parasail tells its users to take.
 *
 * @module
 */

import { drawPicture, isPictureOf, subjectOf } from '@easel/plugin-sdk/emulator';
import OpenAI, { toFile } from 'openai';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type ParasailEmulatorOptions,
  parasailKey,
  startParasailEmulator,
  tooManyRequests,
  unavailable,
} from '../../plugins/parasail/src/emulator/index.js';

const endpoint = '/v1/images/generations';

async function start(options: ParasailEmulatorOptions = {}, apiKey = parasailKey) {
  const emulator = await startParasailEmulator(options);
  onTestFinished(() => emulator.close());
  const openai = new OpenAI({ apiKey, baseURL: emulator.url, maxRetries: 0 });
  const upload = async (lines: readonly object[]) =>
    await openai.files.create({
      purpose: 'batch',
      file: await toFile(Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join('')), 'in.jsonl'),
    });
  const create = async (lines: readonly object[], metadata?: Record<string, string>) => {
    const { id } = await upload(lines);
    const wanted = {
      input_file_id: id,
      endpoint,
      completion_window: '24h',
      metadata: metadata ?? null,
    } as const;
    return await openai.batches.create(wanted);
  };
  const settled = async (id: string) => {
    await expect
      .poll(async () => (await openai.batches.retrieve(id)).status)
      .toMatch(/completed|failed|expired|cancelled/);
    return await openai.batches.retrieve(id);
  };
  const results = async (id: string | null | undefined) =>
    (await (await openai.files.content(id ?? '')).text())
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text));
  return { emulator, openai, upload, create, settled, results };
}

const line = (customId: string, more: object = {}) => ({
  custom_id: customId,
  method: 'POST',
  url: endpoint,
  body: {
    model: 'emulated/flux',
    prompt: `a ${customId}`,
    size: '64x64',
    response_format: 'b64_json',
    ...more,
  },
});

describe('the emulator of Parasail, before openai', () => {
  it('makes a batch from file to pictures, and keeps the frames that were sent', async () => {
    const { emulator, create, settled, results } = await start({ course: () => ({ order: 'reversed' }) });
    const created = await create([line('hen'), line('fox')], { tag: 'mine' });
    expect(created).toMatchObject({ status: 'validating', metadata: { tag: 'mine' }, output_file_id: null });
    const batch = await settled(created.id);
    expect(batch).toMatchObject({
      status: 'completed',
      request_counts: { total: 2, completed: 2, failed: 0 },
    });
    const lines = await results(batch.output_file_id);
    expect(lines.map(({ custom_id }) => custom_id)).toEqual(['fox', 'hen']);
    const [picture] = lines[0].response.body.data;
    expect(await isPictureOf(Buffer.from(picture.b64_json, 'base64'), 'a fox')).toBe(true);
    expect(emulator.paid).toBe(2);
    const [uploaded, wanted] = emulator.requests;
    expect(uploaded).toMatchObject({
      path: '/v1/files',
      headers: {
        authorization: `Bearer ${parasailKey}`,
        'content-type': expect.stringMatching(/^multipart/),
      },
    });
    expect(uploaded?.body.toString()).toContain('name="purpose"\r\n\r\nbatch');
    expect(wanted).toMatchObject({ path: '/v1/batches', json: { endpoint, completion_window: '24h' } });
    expect(emulator.seen('GET', /content$/)[0]?.headers.accept).toBe('application/binary');
  });

  it('puts failing lines into a file of their own, and pays for the others alone', async () => {
    const failing = { status: 400, error: { message: 'No.', code: 'content_policy_violation' } };
    const course = { outcome: (_: object, index: number) => (index === 1 ? failing : undefined) };
    const { emulator, create, settled, results } = await start({ course: () => course });
    const batch = await settled((await create([line('hen'), line('fox')])).id);
    expect(batch.request_counts).toEqual({ total: 2, completed: 1, failed: 1 });
    expect(await results(batch.error_file_id)).toMatchObject([
      { custom_id: 'fox', response: { status_code: 400, body: { error: failing.error } } },
    ]);
    expect(await results(batch.output_file_id)).toHaveLength(1);
    expect(emulator.paid).toBe(1);
  });

  it('finds what is wrong with a file, and makes none of it', async () => {
    const { emulator, create, settled } = await start();
    const wrong = [
      line('hen'),
      line('hen'),
      line('fox', { model: 'no/such' }),
      line('cow', { stream: true }),
      { ...line('pig'), url: '/v1/images/edits' },
    ];
    const batch = await settled((await create(wrong)).id);
    expect(batch.status).toBe('failed');
    expect(batch.errors?.data?.map(({ line: number, code }) => [number, code])).toEqual([
      [2, 'duplicate_custom_id'],
      [3, 'invalid_json_line'],
      [4, 'invalid_json_line'],
      [5, 'mismatched_url'],
      [5, 'missing_field'],
    ]);
    expect(emulator.paid).toBe(0);
  });

  it('expires with what is done, and cancels', async () => {
    const held = { isHeld: () => true };
    const { emulator, openai, create, settled, results } = await start({
      course: (index) => (index === 0 ? { expiresAfter: 1 } : held),
    });
    const expired = await settled((await create([line('hen'), line('fox')])).id);
    expect(expired.status).toBe('expired');
    expect(await results(expired.output_file_id)).toHaveLength(1);
    const { id } = await create([line('cow')]);
    expect((await openai.batches.cancel(id)).status).toMatch(/^cancell/);
    expect(await settled(id)).toMatchObject({ status: 'cancelled', output_file_id: null });
    await expect(openai.batches.cancel(id)).rejects.toBeInstanceOf(OpenAI.ConflictError);
    expect(emulator.paid).toBe(1);
  });

  it('lists files and batches in pages', async () => {
    const { openai, create } = await start();
    for (const name of ['a', 'b', 'c']) await create([line(name)]);
    const batches: string[] = [];
    for await (const { id } of openai.batches.list({ limit: 2 })) batches.push(id);
    expect(batches).toEqual(['batch_3', 'batch_2', 'batch_1']);
    const files: string[] = [];
    for await (const { filename } of openai.files.list({ limit: 1 })) files.push(filename);
    expect(files).toEqual(['in.jsonl', 'in.jsonl', 'in.jsonl']);
    await openai.files.delete('file-1');
    await expect(openai.files.retrieve('file-1')).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  });

  it('makes pictures directly', async () => {
    const { emulator, openai } = await start();
    const body = {
      model: 'emulated/flux',
      prompt: 'a cow',
      size: '64x64',
      response_format: 'b64_json',
    } as const;
    const made = await openai.post<{ data: [{ b64_json: string }] }>('/images/generations', { body });
    expect(await isPictureOf(Buffer.from(made.data[0].b64_json, 'base64'), 'a cow')).toBe(true);
    const input = await drawPicture('an input', { width: 32, height: 32 });
    const image = await toFile(input, 'in.png', { type: 'image/png' });
    const edited = await openai.images.edit({ ...body, size: '256x256', image: [image] });
    const bytes = Buffer.from(edited.data?.[0]?.b64_json ?? '', 'base64');
    expect(await isPictureOf(bytes, subjectOf('a cow', [input]))).toBe(true);
    expect(emulator.paid).toBe(2);
  });

  it('refuses in the shapes of OpenAI', async () => {
    const { openai, upload } = await start();
    const bad = await start({}, 'psk-another');
    await expect(bad.openai.models.list()).rejects.toMatchObject({ status: 401, code: 'invalid_api_key' });
    const wanted = { input_file_id: 'file-9', endpoint, completion_window: '24h' } as const;
    await expect(openai.batches.create(wanted)).rejects.toBeInstanceOf(OpenAI.BadRequestError);
    const { id } = await upload([line('hen')]);
    const slow = { ...wanted, input_file_id: id, completion_window: '7d' as '24h' };
    await expect(openai.batches.create(slow)).rejects.toMatchObject({
      status: 400,
      param: 'completion_window',
    });
    const words = await toFile(Buffer.from('{}'), 'in.jsonl');
    await expect(openai.files.create({ purpose: 'assistants', file: words })).rejects.toMatchObject({
      status: 400,
      param: 'purpose',
    });
    await expect(openai.batches.retrieve('batch_9')).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  });

  it('limits, fails and breaks off as its script says', async () => {
    const { emulator, openai, create } = await start({
      script: (_, index) =>
        [{ answer: tooManyRequests('7') }, { answer: unavailable(502) }, { breakOff: 'before' } as const][
          index
        ],
    });
    const limited = await openai.models.list().then(
      () => undefined,
      (error: InstanceType<typeof OpenAI.RateLimitError>) => error,
    );
    expect(limited).toBeInstanceOf(OpenAI.RateLimitError);
    expect(limited?.headers.get('retry-after')).toBe('7');
    await expect(openai.models.list()).rejects.toBeInstanceOf(OpenAI.InternalServerError);
    await expect(openai.models.list()).rejects.toBeInstanceOf(OpenAI.APIConnectionError);
    // Accepted, and yet answered by a failure: what makes a second try pay twice.
    emulator.script = ({ path }) => (path === '/v1/batches' ? { answerAfter: unavailable(502) } : undefined);
    await expect(create([line('hen')])).rejects.toMatchObject({ status: 502 });
    expect(emulator.batches.size).toBe(1);
  });
});
