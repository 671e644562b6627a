import type { ImageRequest } from '@easel/plugin-sdk';
import { onTestFinished } from 'vitest';
import {
  type ParasailEmulator,
  type ParasailEmulatorOptions,
  parasailKey,
  startParasailEmulator,
} from '../../plugins/parasail/src/emulator/index.js';
import { openProviderKernels, type ProviderKernels } from './provider-kernels.js';

/** Waits of milliseconds, where the real ones are of seconds. */
const quick = { gatherMs: 60, firstPollMs: 10, longestPollMs: 40, settleMs: 150, requestMs: 2_000 };

export interface ParasailWorldOptions extends ParasailEmulatorOptions {
  readonly key?: string;
  readonly settings?: Readonly<Record<string, number | boolean>>;
  readonly retries?: number;
}

export interface ParasailWorld extends Omit<ProviderKernels, 'close'> {
  readonly emulator: ParasailEmulator;
}

/** An emulator, and kernels that run the plugin against it; all are closed when the test ends. */
export async function createParasailWorld(options: ParasailWorldOptions = {}): Promise<ParasailWorld> {
  const { key = parasailKey, settings = {}, retries, ...emulated } = options;
  const emulator = await startParasailEmulator(emulated);
  const kernels = await openProviderKernels({
    plugin: 'parasail',
    model: 'emulated-flux',
    environment: { PARASAIL_API_KEY: key },
    options: { baseUrl: emulator.url, ...quick, ...settings },
    retries,
  });
  onTestFinished(async () => {
    await kernels.close();
    await emulator.close();
  });
  return { ...kernels, emulator };
}

/** A call that is asked for by batch or directly, with more options of the plugin. */
export const by = (delivery: 'batch' | 'direct', more: object = {}): Partial<ImageRequest> => ({
  providerOptions: { parasail: { delivery, ...more } },
});
