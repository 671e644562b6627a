import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createImageServiceManager, type ImageResult } from '@easel/core';
import type { ImageRequest } from '@easel/plugin-sdk';
import type { Provider, Site } from './site.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** Milliseconds that one call may take, on a machine that has much else to do. */
const callMs = 30_000;

export interface World {
  ask(request: ImageRequest): Promise<ImageResult>;
  /** Ends the plugin's process by SIGKILL. Answers whether there was one. */
  kill(): boolean;
  close(): Promise<void>;
}

/** A kernel that runs the provider's plugin in a process of its own against the emulator. */
export async function openWorld({ plugin: id, model, secrets }: Provider, { options }: Site): Promise<World> {
  const storageFolder = await mkdtemp(join(tmpdir(), `easel-faults-${id}-`));
  const manager = createImageServiceManager({
    bundled: false,
    environment: { ...secrets },
    random: () => 0,
    configuration: {
      pluginFolders: [join(root, 'plugins')],
      catalogueFolders: [join(root, 'models/catalogue'), join(root, 'test/fixtures/parasail-catalogue')],
      storageFolder,
      currentModel: model,
      retries: 2,
      plugins: {
        // An open circuit would hide what the faults do.
        [id]: { options, runtime: { drainMs: 100 }, breaker: { minimumCalls: 10_000 } },
      },
    },
  });
  const health = () => manager.getServiceHealth().plugins.find((plugin) => plugin.id === id);
  return {
    async ask(request) {
      if (health()?.state === 'quarantined') await manager.enablePlugin(id);
      return await manager.generateImage({ timeoutMs: callMs, ...request });
    },
    kill() {
      const pid = health()?.pid;
      if (pid === undefined) return false;
      process.kill(pid, 'SIGKILL');
      return true;
    },
    async close() {
      await manager.close();
      await rm(storageFolder, { recursive: true, force: true });
    },
  };
}
