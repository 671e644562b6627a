import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TaskJournal } from '@easel/plugin-sdk/journal';
import { expect, it, onTestFinished, vi } from 'vitest';
import { runwareKey, startRunwareEmulator } from '../../plugins/runware/src/emulator/index.js';
import { isPicture } from '../../plugins/runware/src/pictures/is-picture.js';
import { configSchema } from '../../plugins/runware/src/settings.js';
import { TaskClient } from '../../plugins/runware/src/tasks/task-client.js';

const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const body = {
  taskType: 'imageInference',
  positivePrompt: 'a cat',
  model: 'runware:101@1',
  width: 128,
  height: 128,
};

it('sends no task that is not on the disk, however long that takes, and none that cannot be', async () => {
  const emulator = await startRunwareEmulator();
  const folder = await mkdtemp(join(tmpdir(), 'easel-client-'));
  const journal = await TaskJournal.open({ folder, keepMs: 1_000, now: Date.now, logger });
  const config = configSchema.parse({
    webSocketUrl: emulator.url,
    httpUrl: emulator.httpUrl,
    firstPollMs: 20,
  });
  const client = new TaskClient({
    config,
    apiKey: runwareKey,
    logger,
    journal,
    random: Math.random,
    now: Date.now,
  });
  onTestFinished(async () => {
    await client.close();
    await emulator.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  });
  const perform = () =>
    client.perform(
      {
        body,
        count: 1,
        identity: { fingerprint: 'a'.repeat(64), isRepeatable: false },
        isResult: isPicture,
        signal: new AbortController().signal,
      },
      async ({ items }) => items.length,
    );
  await perform();
  const begin = journal.begin.bind(journal);
  let write = () => {};
  const isFree = new Promise<void>((resolve) => {
    write = resolve;
  });
  const beginning = vi.spyOn(journal, 'begin').mockImplementation(async (entry) => {
    await isFree;
    await begin(entry);
  });
  const unknown = { id: randomUUID(), count: 1 };
  const call = perform();
  await expect.poll(() => beginning.mock.calls.length).toBe(1);
  // Whatever has been sent before it arrives before its answer.
  await client.inquire(unknown, isPicture);
  expect(emulator.paid).toBe(1);
  write();
  expect((await call).result).toBe(1);
  expect(emulator.paid).toBe(2);
  vi.restoreAllMocks();
  await journal.close();
  await expect(perform()).rejects.toMatchObject({ code: 'ERR_STORAGE' });
  expect(emulator.paid).toBe(2);
});
