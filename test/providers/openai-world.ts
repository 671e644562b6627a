import { onTestFinished } from 'vitest';
import {
  type DialectName,
  emulatedKey,
  OpenAiEmulator,
  type OpenAiEmulatorOptions,
} from '../../plugins/openai/src/emulator/index.js';
import { openProviderKernels, type ProviderKernels } from './provider-kernels.js';

export interface OpenAiWorldOptions extends OpenAiEmulatorOptions {
  readonly model?: string;
  readonly settings?: Readonly<Record<string, number | boolean>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly retries?: number;
}

export interface OpenAiWorld extends Omit<ProviderKernels, 'close'> {
  readonly emulator: OpenAiEmulator;
}

const keys = ['OPENAI', 'AZURE_OPENAI', 'XAI', 'TOGETHER'].map((name) => [`${name}_API_KEY`, emulatedKey]);

/**
 * An emulator of one server, and kernels that run the plugin against it; all are closed when the test ends.
 */
export async function createOpenAiWorld(options: OpenAiWorldOptions = {}): Promise<OpenAiWorld> {
  const { model = 'emulated-gpt', settings = {}, retries, like = 'openai' } = options;
  const emulator = await OpenAiEmulator.start(options);
  const kernels = await openProviderKernels({
    plugin: 'openai',
    model,
    environment: options.environment ?? Object.fromEntries(keys),
    options: { servers: { [like]: { like, baseUrl: emulator.url } }, requestMs: 3_000, ...settings },
    retries,
  });
  onTestFinished(async () => {
    await kernels.close();
    await emulator.close();
  });
  return { ...kernels, emulator };
}

export type { DialectName };
