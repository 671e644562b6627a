import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createImageServiceManager, type ImageServiceManager } from '@easel/core';
import type { ImageRequest } from '@easel/plugin-sdk';
import { onTestFinished } from 'vitest';
import {
  type GeminiEmulator,
  type GeminiEmulatorOptions,
  geminiKey,
  startGeminiEmulator,
} from '../../plugins/gemini/src/emulator/index.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Waits of milliseconds, where the real ones are of seconds. */
const quick = { gatherMs: 150, firstPollMs: 10, longestPollMs: 40, settleMs: 150, requestMs: 2_000 };

export interface GeminiBatchWorld {
  readonly emulator: GeminiEmulator;
  /** Folder that outlives a kernel. */
  readonly storageFolder: string;
  /** Lines that kernels and plugins logged. */
  readonly lines: string[];
  /** Another kernel over the same folder and emulator, whose calls go by batch; closed when the test ends. */
  createKernel(): ImageServiceManager;
}

/** An emulator, and a storage folder for kernels that run the plugin in processes of their own. */
export async function createGeminiBatchWorld(
  options: GeminiEmulatorOptions & {
    readonly key?: string;
    readonly settings?: Readonly<Record<string, number | string>>;
    readonly retries?: number;
  } = {},
): Promise<GeminiBatchWorld> {
  const { key = geminiKey, settings = {}, retries = 0, ...emulated } = options;
  const emulator = await startGeminiEmulator(emulated);
  const storageFolder = await mkdtemp(join(tmpdir(), 'easel-gemini-'));
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
      environment: { GEMINI_API_KEY: key },
      random: () => 0,
      logger: { debug: log, info: log, warn: log, error: log },
      configuration: {
        pluginFolders: [join(root, 'plugins')],
        catalogueFolders: [join(root, 'models/catalogue')],
        storageFolder,
        currentModel: 'gemini-3.1-flash-image',
        retries,
        plugins: {
          gemini: {
            options: { baseUrl: emulator.url, delivery: 'batch', ...quick, ...settings },
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
  const pid = kernel.getServiceHealth().plugins.find(({ id }) => id === 'gemini')?.pid;
  if (pid === undefined) throw new Error('the plugin does not run');
  return pid;
}

/** Small pictures, which are drawn and read faster. */
export const small = { width: 512, height: 512 } satisfies Partial<ImageRequest>;
