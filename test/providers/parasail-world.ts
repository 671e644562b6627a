import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createImageServiceManager, type ImageServiceManager } from '@easel/core';
import type { ImageRequest } from '@easel/plugin-sdk';
import { onTestFinished } from 'vitest';
import {
  type ParasailEmulator,
  type ParasailEmulatorOptions,
  parasailKey,
  startParasailEmulator,
} from '../../plugins/parasail/src/emulator/index.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Waits of milliseconds, where the real ones are of seconds. */
const quick = { gatherMs: 60, firstPollMs: 10, longestPollMs: 40, settleMs: 150, requestMs: 2_000 };

export interface ParasailWorldOptions extends ParasailEmulatorOptions {
  readonly key?: string;
  readonly settings?: Readonly<Record<string, number>>;
  readonly retries?: number;
}

export interface ParasailWorld {
  readonly emulator: ParasailEmulator;
  /** Folder that outlives a kernel. */
  readonly storageFolder: string;
  /** Lines that kernels and plugins logged. */
  readonly lines: string[];
  /** Another kernel over the same folder and emulator; closed when the test ends. */
  createKernel(): ImageServiceManager;
}

/** An emulator, and a storage folder for kernels that run the plugin in processes of their own. */
export async function createParasailWorld(options: ParasailWorldOptions = {}): Promise<ParasailWorld> {
  const { key = parasailKey, settings = {}, retries = 0, ...emulated } = options;
  const emulator = await startParasailEmulator(emulated);
  const storageFolder = await mkdtemp(join(tmpdir(), 'easel-parasail-'));
  const kernels: ImageServiceManager[] = [];
  onTestFinished(async () => {
    await Promise.all(kernels.map((kernel) => kernel.close()));
    await emulator.close();
    await rm(storageFolder, { recursive: true, force: true });
  });
  const lines: string[] = [];
  const log = (message: string, details?: object) =>
    void lines.push(`${message} ${JSON.stringify(details ?? {})}`);
  const createKernel = () => {
    const kernel = createImageServiceManager({
      bundled: false,
      environment: { PARASAIL_API_KEY: key },
      random: () => 0,
      logger: { debug: log, info: log, warn: log, error: log },
      configuration: {
        pluginFolders: [join(root, 'plugins')],
        catalogueFolders: [join(root, 'models/catalogue'), join(root, 'test/fixtures/parasail-catalogue')],
        storageFolder,
        currentModel: 'emulated-flux',
        retries,
        plugins: {
          parasail: {
            options: { baseUrl: emulator.url, ...quick, ...settings },
            // Calls that are left when a kernel closes have had enough time.
            runtime: { drainMs: 100 },
          },
        },
      },
    });
    kernels.push(kernel);
    return kernel;
  };
  return { emulator, storageFolder, lines, createKernel };
}

/** The plugin's process. */
export function pidOf(kernel: ImageServiceManager): number {
  const pid = kernel.getServiceHealth().plugins.find(({ id }) => id === 'parasail')?.pid;
  if (pid === undefined) throw new Error('the plugin does not run');
  return pid;
}

/** A call that is asked for by batch or directly, with more options of the plugin. */
export const by = (delivery: 'batch' | 'direct', more: object = {}): Partial<ImageRequest> => ({
  providerOptions: { parasail: { delivery, ...more } },
});
