import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createImageServiceManager, type ImageServiceManager, type KernelOptions } from '@easel/core';
import type { ImageRequest } from '@easel/plugin-sdk';
import { onTestFinished } from 'vitest';
import {
  type GeminiEmulator,
  type GeminiEmulatorOptions,
  geminiKey,
  startGeminiEmulator,
} from '../../plugins/gemini/src/emulator/index.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

export interface GeminiWorld {
  readonly emulator: GeminiEmulator;
  readonly manager: ImageServiceManager;
  /** Lines that the kernel and the plugin logged. */
  readonly lines: string[];
  /** Asks for pictures of a prompt by the model of the whole tests. */
  ask(prompt: string, more?: Partial<ImageRequest>): ReturnType<ImageServiceManager['generateImage']>;
}

/** An emulator, and a kernel that runs the plugin in a process of its own against it; both are closed when the test ends. */
export async function createGeminiWorld(
  options: {
    readonly script?: GeminiEmulatorOptions['script'];
    readonly key?: string;
    readonly settings?: Readonly<Record<string, number>>;
    readonly retries?: number;
  } & Pick<KernelOptions, 'random'> = {},
): Promise<GeminiWorld> {
  const { script, key = geminiKey, settings = {}, retries = 0, random } = options;
  const emulator = await startGeminiEmulator(script ? { script } : {});
  const folder = await mkdtemp(join(tmpdir(), 'easel-gemini-'));
  const lines: string[] = [];
  const log = (message: string, details?: object) =>
    void lines.push(`${message} ${JSON.stringify(details ?? {})}`);
  const manager = createImageServiceManager({
    bundled: false,
    environment: { GEMINI_API_KEY: key },
    ...(random ? { random } : {}),
    logger: { debug: log, info: log, warn: log, error: log },
    configuration: {
      pluginFolders: [join(root, 'plugins')],
      catalogueFolders: [join(root, 'models/catalogue')],
      storageFolder: folder,
      currentModel: 'gemini-3.1-flash-image',
      retries,
      plugins: { gemini: { options: { baseUrl: emulator.url, ...settings } } },
    },
  });
  onTestFinished(async () => {
    await manager.close();
    await emulator.close();
    await rm(folder, { recursive: true, force: true });
  });
  const ask: GeminiWorld['ask'] = (prompt, more = {}) => manager.generateImage({ prompt, ...more });
  return { emulator, manager, lines, ask };
}
