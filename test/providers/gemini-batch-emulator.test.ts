/**
 * Files and batches of the emulator, proven by Google's own client: what it sends is taken, what it misuses
 * is refused, and what it reads is there.
 *
 * @module
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isPictureOf } from '@easel/plugin-sdk/emulator';
import { ApiError, type BatchJob, GoogleGenAI, JobState } from '@google/genai';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type GeminiEmulatorOptions,
  geminiKey,
  startGeminiEmulator,
} from '../../plugins/gemini/src/emulator/index.js';

const model = 'gemini-3.1-flash-image';

async function start(course?: GeminiEmulatorOptions['course']) {
  const emulator = await startGeminiEmulator(course ? { course } : {});
  onTestFinished(() => emulator.close());
  const google = new GoogleGenAI({
    apiKey: geminiKey,
    vertexai: false,
    httpOptions: { baseUrl: emulator.url },
  });
  const upload = async (text: string, name?: string) =>
    await google.files.upload({
      file: new Blob([text]),
      config: { mimeType: 'application/jsonl', displayName: 'a batch', ...(name ? { name } : {}) },
    });
  const end = async (name: string): Promise<BatchJob> => {
    let job = await google.batches.get({ name });
    for (; !finals.has(String(job.state)); job = await google.batches.get({ name }))
      await new Promise((resolve) => setTimeout(resolve, 10));
    return job;
  };
  const download = async (file: string) => {
    const folder = await mkdtemp(join(tmpdir(), 'easel-download-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
    const downloadPath = join(folder, 'results.jsonl');
    await google.files.download({ file, downloadPath });
    const text = await readFile(downloadPath, 'utf8');
    return text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  };
  return { emulator, google, upload, end, download };
}

const finals: ReadonlySet<string> = new Set([
  JobState.JOB_STATE_SUCCEEDED,
  JobState.JOB_STATE_FAILED,
  JobState.JOB_STATE_CANCELLED,
  JobState.JOB_STATE_EXPIRED,
]);

const requestOf = (text: string) => ({
  contents: [{ role: 'user', parts: [{ text }] }],
  generationConfig: { responseModalities: ['IMAGE'], imageConfig: { imageSize: '512' } },
});
const linesOf = (...prompts: string[]) =>
  prompts.map((prompt) => `${JSON.stringify({ key: prompt, request: requestOf(prompt) })}\n`).join('');

interface ResultLine {
  readonly key: string;
  readonly response?: {
    readonly candidates?: readonly { content?: { parts: { inlineData?: { data: string } }[] } }[];
    readonly promptFeedback?: object;
  };
  readonly error?: { readonly code: number; readonly message: string };
}
const pictureOf = ({ response }: ResultLine) => {
  const parts = response?.candidates?.[0]?.content?.parts ?? [];
  const data = parts.find(({ inlineData }) => inlineData)?.inlineData?.data ?? '';
  return Buffer.from(data, 'base64');
};

/** What the client threw, its message read as the JSON that it is. */
async function failureOf(work: Promise<unknown>): Promise<{ status: number; body: unknown }> {
  const error: unknown = await work.catch((thrown: unknown) => thrown);
  if (!(error instanceof ApiError)) throw new Error(`no ApiError: ${String(error)}`);
  return { status: error.status, body: JSON.parse(error.message) };
}

describe('files of the emulator of Gemini, before @google/genai', () => {
  it('are uploaded in pieces, found, listed and deleted', async () => {
    const { emulator, google, upload } = await start();
    const text = 'x'.repeat(9 * 1024 * 1024);
    expect(await upload(text, 'my-own-name')).toMatchObject({
      name: 'files/my-own-name',
      displayName: 'a batch',
      mimeType: 'application/jsonl',
      sizeBytes: `${text.length}`,
      state: 'ACTIVE',
    });
    expect(emulator.files.stored.get('files/my-own-name')?.bytes.toString()).toBe(text);
    // The start, and two pieces of 8 MiB at most.
    expect(emulator.seen('POST', /^\/upload/)).toHaveLength(3);
    const other = await upload('y');
    expect(await google.files.get({ name: 'files/my-own-name' })).toMatchObject({ sizeBytes: '9437184' });
    const names = [];
    for await (const { name } of await google.files.list({ config: { pageSize: 1 } })) names.push(name);
    expect(names).toEqual([other.name, 'files/my-own-name']);
    await google.files.delete({ name: 'files/my-own-name' });
    expect([...emulator.files.stored.keys()]).toEqual([other.name]);
  });

  it('refuse a name that is taken or none, and what there is not', async () => {
    const { google, upload } = await start();
    await upload('x', 'taken');
    expect(await failureOf(upload('x', 'taken'))).toMatchObject({
      status: 409,
      body: { error: { status: 'ALREADY_EXISTS' } },
    });
    expect(await failureOf(upload('x', 'Not A Name'))).toMatchObject({ status: 400 });
    expect(await failureOf(google.files.get({ name: 'files/none' }))).toMatchObject({
      status: 403,
      body: { error: { status: 'PERMISSION_DENIED', message: expect.stringContaining('may not exist') } },
    });
    const config = { mimeType: 'text/plain' };
    const bad = new GoogleGenAI({
      apiKey: 'AIza-none',
      httpOptions: { baseUrl: (await start()).emulator.url },
    });
    expect(await failureOf(bad.files.upload({ file: new Blob(['x']), config }))).toMatchObject({
      status: 400,
    });
  });
});

describe('batches of the emulator of Gemini, before @google/genai', () => {
  it('draw the lines of a file, in whatever order', async () => {
    const { emulator, google, upload, end, download } = await start(() => ({ order: 'reversed' }));
    const file = await upload(linesOf('one', 'two', 'three'));
    const created = await google.batches.create({ model, src: file.name!, config: { displayName: 'mine' } });
    expect(created).toMatchObject({
      displayName: 'mine',
      state: JobState.JOB_STATE_PENDING,
      model: `models/${model}`,
    });
    const job = await end(created.name!);
    expect(job.state).toBe(JobState.JOB_STATE_SUCCEEDED);
    const results: ResultLine[] = await download(job.dest!.fileName!);
    expect(results.map(({ key }) => key)).toEqual(['three', 'two', 'one']);
    for (const result of results) expect(await isPictureOf(pictureOf(result), result.key)).toBe(true);
    expect(emulator.paid).toBe(3);
    expect(await failureOf(download(file.name!))).toMatchObject({ status: 400 });
  });

  it('take inline requests, and answer them inline', async () => {
    const { google, end } = await start();
    const src = ['one', 'two'].map((prompt) => ({
      contents: [{ role: 'user', parts: [{ text: prompt }] }],
      config: { responseModalities: ['IMAGE'] },
      metadata: { key: prompt },
    }));
    const { name } = await google.batches.create({ model, src, config: { displayName: 'inline' } });
    const { dest } = await end(name!);
    expect(dest?.inlinedResponses).toHaveLength(2);
    const [first] = dest!.inlinedResponses!;
    const data = first?.response?.candidates?.[0]?.content?.parts?.[0]?.inlineData?.data ?? '';
    expect(await isPictureOf(Buffer.from(data, 'base64'), 'one')).toBe(true);
  });

  it('are listed page by page, newest first, and deleted', async () => {
    const { google, upload } = await start();
    const file = await upload(linesOf('one'));
    for (const displayName of ['a', 'b', 'c'])
      await google.batches.create({ model, src: file.name!, config: { displayName } });
    const names = async () => {
      const found = [];
      for await (const job of await google.batches.list({ config: { pageSize: 2 } }))
        found.push(job.displayName);
      return found;
    };
    expect(await names()).toEqual(['c', 'b', 'a']);
    await google.batches.delete({ name: 'batches/emulated2' });
    expect(await names()).toEqual(['c', 'a']);
    const gone = google.batches.get({ name: 'batches/emulated2' });
    expect(await failureOf(gone)).toMatchObject({ status: 404, body: { error: { status: 'NOT_FOUND' } } });
  });

  it('refuse and fail single lines, and draw the others', async () => {
    const { emulator, google, upload, end, download } = await start(() => ({
      outcome: ({ prompt }) =>
        prompt === 'bad'
          ? { refuse: { blockReason: 'PROHIBITED_CONTENT' } }
          : prompt === 'unlucky'
            ? { error: { code: 13, message: 'Internal error encountered.' } }
            : undefined,
    }));
    const wrong = { contents: [{ parts: [{ text: 'wrong' }] }], generationConfig: { n: 2 } };
    const text = `${linesOf('good', 'bad', 'unlucky')}${JSON.stringify({ key: 'wrong', request: wrong })}\n`;
    const file = await upload(text);
    const { name } = await google.batches.create({ model, src: file.name!, config: { displayName: 'x' } });
    const job = await end(name!);
    const results: ResultLine[] = await download(job.dest!.fileName!);
    const [good, bad, unlucky, invalid] = results;
    expect(await isPictureOf(pictureOf(good!), 'good')).toBe(true);
    expect(bad?.response).toMatchObject({ promptFeedback: { blockReason: 'PROHIBITED_CONTENT' } });
    expect(unlucky?.error).toEqual({ code: 13, message: 'Internal error encountered.' });
    expect(invalid?.error).toMatchObject({ code: 3, message: expect.stringContaining('"n"') });
    expect(emulator.paid).toBe(1);
  });

  it('end as cancelled, expired or failed', async () => {
    const courses = [{ stallsAfter: 1 }, { expiresAfter: 1 }, {}];
    const { emulator, google, upload, end, download } = await start((index) => courses[index]!);
    const file = await upload(linesOf('one', 'two'));
    const create = async (src = file.name!) =>
      (await google.batches.create({ model, src, config: { displayName: 'x' } })).name!;
    const name = await create();
    await expect.poll(() => emulator.paid).toBe(1);
    await google.batches.cancel({ name });
    const cancelled = await end(name);
    expect(cancelled.state).toBe(JobState.JOB_STATE_CANCELLED);
    expect(await download(cancelled.dest!.fileName!)).toHaveLength(1);
    expect(await failureOf(google.batches.cancel({ name }))).toMatchObject({ status: 400 });
    const expired = await end(await create());
    expect(expired.state).toBe(JobState.JOB_STATE_EXPIRED);
    expect(await download(expired.dest!.fileName!)).toHaveLength(1);
    const twice = await upload(linesOf('one', 'one'));
    const failed = await end(await create(twice.name!));
    expect(failed.state).toBe(JobState.JOB_STATE_FAILED);
    // The client leaves the error out, which is why the plugin reads the answers itself.
    expect(failed.error).toBeUndefined();
    expect(failed.dest).toBeUndefined();
  });

  it('refuse models, files and fields that there are not, and no name', async () => {
    const { google, upload } = await start();
    const { name = '' } = await upload(linesOf('one'));
    const create = (about: object) =>
      failureOf(google.batches.create({ model, src: name, config: { displayName: 'x' }, ...about }));
    expect(await create({ model: 'imagen-4.0-generate-001' })).toMatchObject({ status: 404 });
    expect(await create({ src: 'files/none' })).toMatchObject({ status: 403 });
    expect(await create({ config: {} })).toMatchObject({
      status: 400,
      body: { error: { message: expect.stringContaining('displayName') } },
    });
    const httpOptions = { extraBody: { batch: { metadata: {} } } };
    expect(await create({ config: { displayName: 'x', httpOptions } })).toMatchObject({ status: 400 });
    expect(await failureOf(google.batches.cancel({ name: 'batches/none' }))).toMatchObject({ status: 404 });
  });
});
