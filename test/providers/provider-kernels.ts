import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type ConfigurationInput,
  createImageServiceManager,
  type ImageServiceManager,
  type KernelOptions,
} from '@easel/core';

const root = fileURLToPath(new URL('../../', import.meta.url));

type PluginInput = NonNullable<ConfigurationInput['plugins']>[string];

export interface ProviderKernelsOptions {
  /** Id of the plugin. */
  readonly plugin: string;
  readonly model: string;
  /** Keys, by their variables. */
  readonly environment: Readonly<Record<string, string>>;
  /** Of the plugin, so that it finds the emulator, with waits of milliseconds. */
  readonly options: NonNullable<PluginInput['options']>;
  /**
   * Absent: as the manifest says, but for `drainMs`: calls that are left when a kernel closes have had enough
   * time.
   */
  readonly runtime?: PluginInput['runtime'];
  readonly breaker?: PluginInput['breaker'];
  /** Absent: 0. */
  readonly retries?: number | undefined;
  /** Absent: always 0. */
  readonly random?: KernelOptions['random'];
}

export interface ProviderKernels {
  /** Folder that outlives a kernel. */
  readonly storageFolder: string;
  /** Lines that kernels and plugins logged. */
  readonly lines: string[];
  /** Another kernel over the same folder, which runs the plugin in a process of its own. */
  createKernel(): ImageServiceManager;
  /** Closes all kernels, and removes the folder. */
  close(): Promise<void>;
}

/** A storage folder for kernels that run one provider's plugin. */
export async function openProviderKernels({
  plugin,
  model,
  environment,
  options,
  runtime,
  breaker,
  retries = 0,
  random = () => 0,
}: ProviderKernelsOptions): Promise<ProviderKernels> {
  const storageFolder = await mkdtemp(join(tmpdir(), `easel-${plugin}-`));
  const kernels: ImageServiceManager[] = [];
  const lines: string[] = [];
  const log = (message: string, details?: object) =>
    void lines.push(`${message} ${JSON.stringify(details ?? {})}`);
  return {
    storageFolder,
    lines,
    createKernel() {
      const kernel = createImageServiceManager({
        bundled: false,
        environment,
        random,
        logger: { debug: log, info: log, warn: log, error: log },
        configuration: {
          pluginFolders: [join(root, 'plugins')],
          catalogueFolders: [
            'models/catalogue',
            'test/fixtures/parasail-catalogue',
            'test/fixtures/openai-catalogue',
            'test/fixtures/server-catalogue',
          ].map((folder) => join(root, folder)),
          storageFolder,
          currentModel: model,
          retries,
          plugins: {
            [plugin]: { options, runtime: { drainMs: 100, ...runtime }, breaker },
          },
        },
      });
      kernels.push(kernel);
      return kernel;
    },
    async close() {
      await Promise.all(kernels.map((kernel) => kernel.close()));
      await rm(storageFolder, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

export const findPid = (kernel: ImageServiceManager) =>
  kernel.getServiceHealth().plugins.find((plugin) => plugin.pid !== undefined)?.pid;

/** Kills the only plugin that runs; resolves when the kernel has noticed. */
export async function killPlugin(kernel: ImageServiceManager): Promise<void> {
  process.kill(pidOf(kernel), 'SIGKILL');
  while (findPid(kernel) !== undefined) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** The process of the only plugin that runs. */
export function pidOf(kernel: ImageServiceManager): number {
  const pid = findPid(kernel);
  if (pid === undefined) throw new Error('the plugin does not run');
  return pid;
}
