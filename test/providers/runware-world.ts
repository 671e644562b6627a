import type { ImageServiceManager } from '@easel/core';
import type { ImageRequest } from '@easel/plugin-sdk';
import { onTestFinished } from 'vitest';
import {
  type RunwareEmulator,
  type RunwareEmulatorOptions,
  runwareKey,
  startRunwareEmulator,
} from '../../plugins/runware/src/emulator/index.js';
import { openProviderKernels, type ProviderKernels } from './provider-kernels.js';

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
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
  readonly runtime?: Readonly<Record<string, number>>;
  readonly breaker?: Readonly<Record<string, number>>;
  readonly retries?: number;
}

type Result = Awaited<ReturnType<ImageServiceManager['generateImage']>>;

export interface RunwareWorld extends Omit<ProviderKernels, 'close'> {
  readonly emulator: RunwareEmulator;
  /** The first kernel. */
  readonly manager: ImageServiceManager;
  /** Asks for small pictures of a prompt; over the first kernel. */
  ask(prompt: string, more?: Partial<ImageRequest>): Promise<Result>;
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
  const { key = runwareKey, settings = {}, runtime, breaker, retries, ...emulated } = options;
  const emulator = await startRunwareEmulator(emulated);
  const kernels = await openProviderKernels({
    plugin: 'runware',
    model: 'runware-sdxl',
    environment: { RUNWARE_API_KEY: key },
    options: {
      ...{ webSocketUrl: emulator.url, httpUrl: emulator.httpUrl, allowPrivateAddresses: true },
      ...quick,
      ...settings,
    },
    runtime: { drainMs: 200, ...runtime },
    breaker,
    retries,
  });
  const manager = kernels.createKernel();
  const ask: RunwareWorld['ask'] = (prompt, more = {}) =>
    manager.generateImage({ prompt, width: 128, height: 128, ...more });
  const close = async () => {
    await kernels.close();
    await emulator.close();
  };
  return { ...kernels, emulator, manager, ask, close };
}
