import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createImageServiceManager, type ImageServiceManager, type KernelOptions } from '@easel/core';
import { median } from './timing.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const nothing = async () => {};
const makeAnImage = async (manager: ImageServiceManager) =>
  void (await manager.generateImage({ prompt: 'a yellow star at night', seed: 7 }));

async function measure(
  closes: number,
  options: KernelOptions,
  before: (manager: ImageServiceManager) => Promise<void>,
) {
  const measured: number[] = [];
  for (let close = 0; close < closes; close++) {
    const manager = createImageServiceManager({ hotLoad: true, ...options });
    await before(manager);
    // By then it has copied all plugins, and has the copies to remove.
    await delay(3_000);
    const from = performance.now();
    await manager.close();
    measured.push(performance.now() - from);
  }
  return median(measured);
}

/** Milliseconds that `close()` takes of a kernel that watches linked plugins; medians. */
export async function measureCloses(closes: number): Promise<Record<string, number>> {
  const folder = await mkdtemp(join(tmpdir(), 'easel-bench-close-'));
  const world = (id: string, bundled = false): KernelOptions => ({
    bundled,
    configuration: {
      ...{
        pluginFolders: bundled ? [] : [join(folder, id)],
        catalogueFolders: [join(root, 'models/catalogue')],
      },
      ...{ currentModel: 'picturebook', storageFolder: join(folder, 'storage') },
    },
  });
  for (const id of ['runware', 'local-diffusion']) {
    await mkdir(join(folder, id));
    await symlink(join(root, 'plugins', id), join(folder, id, id));
  }
  try {
    return {
      closeOneIdleMs: await measure(closes, world('runware'), nothing),
      closeOneAfterAnImageMs: await measure(closes, world('local-diffusion'), makeAnImage),
      closeAllAfterAnImageMs: await measure(closes, world('all', true), makeAnImage),
    };
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  }
}
