import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createImageServiceManager, type ImageServiceManager } from '@easel/core';
import type { ImageRequest } from '@easel/plugin-sdk';
import { onTestFinished } from 'vitest';
import {
  type RunwareEmulator,
  type RunwareEmulatorOptions,
  runwareKey,
  startRunwareEmulator,
} from '../../plugins/runware/src/emulator/index.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Waits of milliseconds, where the real ones are of seconds. */
const quick = {
  firstPollMs: 15,
  longestPollMs: 60,
  answerMs: 400,
  silenceMs: 8_000,
  connectMs: 4_000,
  handshakeMs: 1_000,
};

export interface RunwareWorldOptions extends RunwareEmulatorOptions {
  readonly key?: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly runtime?: Readonly<Record<string, number>>;
  readonly breaker?: Readonly<Record<string, number>>;
  readonly retries?: number;
}

type Result = Awaited<ReturnType<ImageServiceManager['generateImage']>>;

export interface RunwareWorld {
  readonly emulator: RunwareEmulator;
  /** The first kernel. */
  readonly manager: ImageServiceManager;
  /** Folder that outlives a kernel. */
  readonly storageFolder: string;
  /** Lines that kernels and plugins logged. */
  readonly lines: string[];
  /** Asks for small pictures of a prompt; over the first kernel. */
  ask(prompt: string, more?: Partial<ImageRequest>): Promise<Result>;
  /** Another kernel over the same folder and emulator; closed when the test ends. */
  createKernel(): ImageServiceManager;
}

/** Options of the plugin for one call. */
export const withOptions = (options: Readonly<Record<string, unknown>>): Partial<ImageRequest> =>
  ({ providerOptions: { runware: options } }) as Partial<ImageRequest>;

export const pushed = withOptions({ delivery: 'sync' });

/** Opens a world that is closed when the test ends. */
export async function createRunwareWorld(options: RunwareWorldOptions = {}): Promise<RunwareWorld> {
  const world = await openRunwareWorld(options);
  onTestFinished(() => world.close());
  return world;
}

/** An emulator, and kernels that run the plugin in processes of their own against it. */
export async function openRunwareWorld(
  options: RunwareWorldOptions = {},
): Promise<RunwareWorld & { close(): Promise<void> }> {
  const { key = runwareKey, settings = {}, runtime = {}, breaker = {}, retries = 0, ...emulated } = options;
  const emulator = await startRunwareEmulator(emulated);
  const storageFolder = await mkdtemp(join(tmpdir(), 'easel-runware-'));
  const kernels: ImageServiceManager[] = [];
  const close = async () => {
    await Promise.all(kernels.map((kernel) => kernel.close()));
    await emulator.close();
    await rm(storageFolder, { recursive: true, force: true });
  };
  const lines: string[] = [];
  const log = (message: string, details?: object) =>
    void lines.push(`${message} ${JSON.stringify(details ?? {})}`);
  const createKernel = () => {
    const kernel = createImageServiceManager({
      bundled: false,
      environment: { RUNWARE_API_KEY: key },
      random: () => 0,
      logger: { debug: log, info: log, warn: log, error: log },
      configuration: {
        pluginFolders: [join(root, 'plugins')],
        catalogueFolders: [join(root, 'models/catalogue')],
        storageFolder,
        currentModel: 'runware-sdxl',
        retries,
        plugins: {
          runware: {
            options: {
              ...{ webSocketUrl: emulator.url, httpUrl: emulator.httpUrl, allowPrivateAddresses: true },
              ...quick,
              ...settings,
            },
            runtime: { drainMs: 200, ...runtime },
            breaker,
          },
        },
      },
    });
    kernels.push(kernel);
    return kernel;
  };
  const manager = createKernel();
  const ask: RunwareWorld['ask'] = (prompt, more = {}) =>
    manager.generateImage({ prompt, width: 128, height: 128, ...more });
  return { emulator, manager, storageFolder, lines, ask, createKernel, close };
}

/** The plugin's process. */
export function pidOf(kernel: ImageServiceManager): number {
  const pid = kernel.getServiceHealth().plugins.find(({ id }) => id === 'runware')?.pid;
  if (pid === undefined) throw new Error('the plugin does not run');
  return pid;
}
