import type { ImageServiceManager, KernelOptions } from '@easel/core';
import type { ImageRequest } from '@easel/plugin-sdk';
import { onTestFinished } from 'vitest';
import {
  type GeminiEmulator,
  type GeminiEmulatorOptions,
  geminiKey,
  startGeminiEmulator,
} from '../../plugins/gemini/src/emulator/index.js';
import { openProviderKernels } from './provider-kernels.js';

export interface GeminiWorld {
  readonly emulator: GeminiEmulator;
  readonly manager: ImageServiceManager;
  /** Lines that the kernel and the plugin logged. */
  readonly lines: string[];
  /** Asks for pictures of a prompt by the model of the whole tests. */
  ask(prompt: string, more?: Partial<ImageRequest>): ReturnType<ImageServiceManager['generateImage']>;
}

/**
 * An emulator, and a kernel that runs the plugin in a process of its own against it; both are closed when the
 * test ends.
 */
export async function createGeminiWorld(
  options: {
    readonly script?: GeminiEmulatorOptions['script'];
    readonly key?: string;
    /** Of the plugin. Its `delivery`: absent, direct. */
    readonly settings?: Readonly<Record<string, string | number | object>>;
    /** Whether the catalogue file says which way calls take. Absent: no. */
    readonly isUsual?: boolean;
    readonly retries?: number;
  } & Pick<KernelOptions, 'random'> = {},
): Promise<GeminiWorld> {
  const { script, key = geminiKey, settings = {}, isUsual = false, retries, random } = options;
  const emulator = await startGeminiEmulator(script ? { script } : {});
  const { createKernel, lines, close } = await openProviderKernels({
    plugin: 'gemini',
    model: 'gemini-3.1-flash-image',
    environment: { GEMINI_API_KEY: key },
    options: { baseUrl: emulator.url, ...(isUsual ? {} : { delivery: 'direct' }), ...settings },
    ...{ retries, random },
  });
  const manager = createKernel();
  onTestFinished(async () => {
    await close();
    await emulator.close();
  });
  const ask: GeminiWorld['ask'] = (prompt, more = {}) => manager.generateImage({ prompt, ...more });
  return { emulator, manager, lines, ask };
}
