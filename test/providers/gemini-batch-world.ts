import type { ImageRequest } from '@easel/plugin-sdk';
import { onTestFinished } from 'vitest';
import {
  type GeminiEmulator,
  type GeminiEmulatorOptions,
  geminiKey,
  startGeminiEmulator,
} from '../../plugins/gemini/src/emulator/index.js';
import { openProviderKernels, type ProviderKernels } from './provider-kernels.js';

/** Waits of milliseconds, where the real ones are of seconds. */
const quick = { gatherMs: 150, firstPollMs: 10, longestPollMs: 40, settleMs: 150, requestMs: 2_000 };

export interface GeminiBatchWorld extends Omit<ProviderKernels, 'close'> {
  readonly emulator: GeminiEmulator;
}

/** An emulator, and kernels whose calls go by batch; all are closed when the test ends. */
export async function createGeminiBatchWorld(
  options: GeminiEmulatorOptions & {
    readonly key?: string;
    readonly settings?: Readonly<Record<string, number | string>>;
    readonly retries?: number;
  } = {},
): Promise<GeminiBatchWorld> {
  const { key = geminiKey, settings = {}, retries, ...emulated } = options;
  const emulator = await startGeminiEmulator(emulated);
  const kernels = await openProviderKernels({
    plugin: 'gemini',
    model: 'gemini-3.1-flash-image',
    environment: { GEMINI_API_KEY: key },
    options: { baseUrl: emulator.url, delivery: 'batch', ...quick, ...settings },
    retries,
  });
  onTestFinished(async () => {
    await kernels.close();
    await emulator.close();
  });
  return { ...kernels, emulator };
}

/** Small pictures, which are drawn and read faster. */
export const small = { width: 512, height: 512 } satisfies Partial<ImageRequest>;
