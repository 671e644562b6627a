/**
 * Calls that are answered at once, carried out again under their id: the kernel is closed, its process
 * killed, or the plugin's, and no image is paid twice.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ImageRequest } from '@easel/plugin-sdk';
import type { Fault } from '@easel/plugin-sdk/emulator';
import { isPictureOf } from '@easel/plugin-sdk/emulator';
import { describe, expect, it, onTestFinished } from 'vitest';
import { geminiKey, startGeminiEmulator } from '../../plugins/gemini/src/emulator/index.js';
import { parasailKey, startParasailEmulator } from '../../plugins/parasail/src/emulator/index.js';
import { openProviderKernels, pidOf } from './provider-kernels.js';

const path = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
const call = { requestId: 'order 17' };
const request: ImageRequest = { prompt: 'a whale', n: 2, seed: 7 };

interface Emulator {
  readonly url: string;
  readonly paid: number;
  script: ((request: { readonly method: string; readonly path: string }) => Fault | undefined) | undefined;
  close(): Promise<void>;
}

const providers = {
  gemini: {
    start: async (): Promise<Emulator> => (await startGeminiEmulator()) as Emulator,
    model: 'gemini-3.1-flash-image',
    environment: { GEMINI_API_KEY: geminiKey },
    options: { delivery: 'direct' },
    making: /:generateContent$/,
    request: { ...request, seed: undefined, width: 512, height: 512 },
  },
  parasail: {
    start: async (): Promise<Emulator> => (await startParasailEmulator()) as Emulator,
    model: 'emulated-flux',
    environment: { PARASAIL_API_KEY: parasailKey },
    options: {},
    making: /\/images\/generations$/,
    request: { ...request, providerOptions: { parasail: { delivery: 'direct' } } },
  },
};

async function createWorld(plugin: keyof typeof providers) {
  const { start, model, environment, options, making, request: asked } = providers[plugin];
  const emulator = await start();
  const given = { baseUrl: emulator.url, ...options };
  const kernels = await openProviderKernels({ plugin, model, environment, options: given });
  onTestFinished(async () => {
    await kernels.close();
    await emulator.close();
  });
  let waiting = 0;
  /** Lets each image take so long from now on; the others come at once. */
  const delay = (delayMs: number, from = 0) => {
    let seen = 0;
    emulator.script = ({ path: asking }) => {
      if (!making.test(asking)) return undefined;
      waiting += 1;
      return ++seen > from ? { delayMs } : undefined;
    };
  };
  /** A kernel in a process of its own that makes the call, to be killed. */
  const startProcess = async (): Promise<ChildProcess> => {
    const configFile = join(kernels.storageFolder, 'easel.config.json');
    const configuration = {
      pluginFolders: [path('plugins')],
      catalogueFolders: [path('models/catalogue'), path('test/fixtures/parasail-catalogue')],
      storageFolder: kernels.storageFolder,
      currentModel: model,
      plugins: { [plugin]: { options: given, runtime: { drainMs: 100 } } },
    };
    await writeFile(configFile, JSON.stringify(configuration));
    const file = path('test/fixtures/calling-kernel.js');
    const child = spawn(process.execPath, [file, configFile, JSON.stringify(asked), call.requestId], {
      stdio: 'ignore',
      env: { ...process.env, ...environment },
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    return child;
  };
  /** Answers on disk. */
  const kept = () => {
    const folder = join(kernels.storageFolder, 'plugins', plugin, 'requests');
    return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.answer')).length : 0;
  };
  const expectImages = async (images: readonly { readonly bytes: Uint8Array }[], count = 2) => {
    expect(images).toHaveLength(count);
    for (const { bytes } of images) expect(await isPictureOf(bytes, 'a whale')).toBe(true);
  };
  return {
    ...kernels,
    emulator,
    request: asked,
    delay,
    startProcess,
    expectImages,
    kept,
    waiting: () => waiting,
  };
}

describe.each(['gemini', 'parasail'] as const)('a direct call of %s that is carried out again', (plugin) => {
  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'after %s of its kernel gets what was on its way',
    async (signal) => {
      const {
        createKernel,
        emulator,
        delay,
        request: asked,
        startProcess,
        expectImages,
        waiting,
      } = await createWorld(plugin);
      delay(4_000);
      const child = await startProcess();
      await expect.poll(waiting).toBe(2);
      child.kill(signal);
      await once(child, 'exit');
      const { images, provenance } = await createKernel().generateImage(asked, call);
      await expectImages(images);
      expect(provenance.parameters).toMatchObject({ resumed: 2 });
      expect(emulator.paid).toBe(2);
    },
  );

  it('after it was cancelled gets what was on its way', async () => {
    const {
      createKernel,
      emulator,
      delay,
      request: asked,
      expectImages,
      waiting,
    } = await createWorld(plugin);
    delay(1_000);
    const kernel = createKernel();
    const controller = new AbortController();
    const lost = kernel.generateImage(asked, { ...call, signal: controller.signal });
    await expect.poll(waiting).toBe(2);
    controller.abort();
    await expect(lost).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    const { images } = await kernel.generateImage(asked, call);
    await expectImages(images);
    expect(emulator.paid).toBe(2);
  });

  it('after the plugin was killed keeps what had come, and is told what is lost', async () => {
    const {
      createKernel,
      emulator,
      delay,
      request: asked,
      expectImages,
      kept,
      waiting,
    } = await createWorld(plugin);
    delay(3_000, 1);
    const kernel = createKernel();
    const lost = kernel.generateImage(asked, { ...call });
    lost.catch(() => {});
    await expect.poll(waiting).toBe(2);
    await expect.poll(kept).toBe(1);
    process.kill(pidOf(kernel), 'SIGKILL');
    await expect(lost).rejects.toMatchObject({ code: 'ERR_PLUGIN_CRASHED' });
    for (let time = 0; time < 2; time++) {
      const onResult = time === 0 ? { onResult: () => Promise.reject(new Error('lost again')) } : {};
      const again = kernel.generateImage(asked, { ...call, ...onResult });
      if (time === 0) await expect(again).rejects.toThrow('lost again');
      else {
        const { images, warnings } = await again;
        await expectImages(images, 1);
        expect(warnings.map(({ message }) => message).join()).toMatch(/1 of 2.*may have been paid/);
      }
    }
    expect(emulator.paid).toBeLessThanOrEqual(2);
    // Received, the call is over: the same id would be another one.
    expect((await kernel.generateImage(asked, { requestId: 'order 18' })).images).toHaveLength(2);
  });
});
