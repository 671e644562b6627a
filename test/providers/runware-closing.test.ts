/**
 * The plugin for Runware inside of this process, closed while it works: nothing stays behind, and nothing is
 * forgotten.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GenerationRequest, generationRequestSchema } from '@easel/plugin-sdk';
import { readModel } from '@easel/plugin-sdk/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type RunwareEmulatorOptions,
  runwareKey,
  startRunwareEmulator,
} from '../../plugins/runware/src/emulator/index.js';
import plugin from '../../plugins/runware/src/index.js';

const model = readModel(new URL('../../models/catalogue/runware-sdxl.json', import.meta.url));
const asked: GenerationRequest = generationRequestSchema.parse({
  ...{
    model,
    prompt: 'a cat',
    width: 128,
    height: 128,
    n: 1,
    seed: 4,
    outputFormat: 'png',
    inputImages: [],
    options: {},
  },
});

async function createStarter(emulated: RunwareEmulatorOptions = {}) {
  const emulator = await startRunwareEmulator(emulated);
  const storageFolder = await mkdtemp(join(tmpdir(), 'easel-runware-'));
  onTestFinished(async () => {
    await emulator.close();
    await rm(storageFolder, { recursive: true, force: true, maxRetries: 10 });
  });
  const lines: string[] = [];
  const log = (message: string) => void lines.push(message);
  const start = async (settings: object = {}) => {
    const config = plugin.config.parse({
      webSocketUrl: emulator.url,
      httpUrl: emulator.httpUrl,
      firstPollMs: 20,
      ...settings,
    });
    const logger = { debug: log, info: log, warn: log, error: log };
    const secrets = { RUNWARE_API_KEY: runwareKey };
    return await plugin.start({ config, secrets, logger, folder: '/', storageFolder });
  };
  return { emulator, lines, start };
}

const call = {
  signal: new AbortController().signal,
  onProgress: () => {},
  stopsWithin: () => {},
  received: Promise.resolve(true),
  options: plugin.options.parse({}),
};
const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

describe('runware, closed', () => {
  it.each(['websocket', 'http'])('in the middle of calls ends them, soon (%s)', async (transport) => {
    const { emulator, start } = await createStarter({ script: () => ({ workMs: 600 }) });
    const first = await start({ transport });
    const calls = [4, 5, 6].map((seed) =>
      first.generate({ ...asked, seed }, { ...call, logger }).catch((error: unknown) => error),
    );
    await expect.poll(() => emulator.paid).toBe(3);
    const startedAt = performance.now();
    await first.close?.();
    for (const outcome of await Promise.all(calls))
      expect(outcome).toMatchObject({
        code: 'ERR_PROVIDER_UNAVAILABLE',
        message: expect.stringContaining('was closed'),
      });
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    const second = await start({ transport });
    const { images } = await second.generate({ ...asked, n: 3 }, { ...call, logger });
    expect(images.map(({ seed }) => seed)).toEqual([4, 5, 6]);
    await second.close?.();
    expect(emulator.paid).toBe(3);
  });

  it('while it cannot connect, or nobody answers, does not wait for that', async () => {
    const { emulator, start } = await createStarter();
    emulator.isDeaf = true;
    const instance = await start({ transport: 'websocket' });
    const outcome = instance.generate(asked, { ...call, logger }).catch((error: unknown) => error);
    await expect.poll(() => emulator.frames.length).toBe(1);
    const startedAt = performance.now();
    await instance.close?.();
    expect(await outcome).toMatchObject({ code: 'ERR_PROVIDER_UNAVAILABLE' });
    expect(performance.now() - startedAt).toBeLessThan(20_000);
  });

  it('while it asks about tasks of before, leaves them to the next one', async () => {
    const { emulator, start, lines } = await createStarter({ script: () => ({ workMs: 400 }) });
    const first = await start();
    const outcome = first.generate(asked, { ...call, logger }).catch((error: unknown) => error);
    await expect.poll(() => emulator.paid).toBe(1);
    await first.close?.();
    await outcome;
    const second = await start();
    await expect.poll(() => lines.join('\n')).toContain('asking Runware');
    await second.close?.();
    const third = await start();
    const { parameters } = await third.generate(asked, { ...call, logger });
    expect(parameters).toMatchObject({ adoptedTasks: 1 });
    await third.close?.();
    expect(emulator.paid).toBe(1);
  });
});
