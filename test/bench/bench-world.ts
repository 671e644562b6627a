import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createImageServiceManager, type ImageServiceManager, type KernelOptions } from '@easel/core';
import type { ManifestInput } from '@easel/plugin-sdk';

const plugin = fileURLToPath(new URL('./sized-plugin.js', import.meta.url));

export interface BenchPlugin {
  readonly id: string;
  readonly runtime?: ManifestInput['runtime'];
}

export interface BenchWorld extends AsyncDisposable {
  readonly manager: ImageServiceManager;
  install(plugin: BenchPlugin, version?: string): Promise<void>;
}

/**
 * A kernel with such plugins and a model for each, in a folder of its own inside of the repository, so that
 * they find their packages.
 */
export async function createBenchWorld(
  plugins: readonly BenchPlugin[],
  options: KernelOptions = {},
): Promise<BenchWorld> {
  const folder = await mkdtemp(fileURLToPath(new URL('../.hot-bench-', import.meta.url)));
  const install = async ({ id, runtime = {} }: BenchPlugin, version = '1.0.0') => {
    // Its code imports what lies beside this file.
    const permissions = { files: true };
    const handles = [{ type: id }];
    const manifest = { id, version, sdk: '^0.1.0', entry: 'index.js', handles, runtime, permissions };
    await mkdir(join(folder, 'plugins', id), { recursive: true });
    const code = `export { sizedPlugin as default } from ${JSON.stringify(plugin)};\n`;
    await writeFile(join(folder, 'plugins', id, 'index.js'), code);
    await writeFile(join(folder, 'plugins', id, 'plugin.json'), JSON.stringify(manifest));
  };
  await mkdir(join(folder, 'models'));
  for (const each of plugins) {
    await install(each);
    await writeFile(join(folder, `models/${each.id}.json`), JSON.stringify(modelOf(each.id)));
  }
  const configuration = { pluginFolders: ['plugins'], catalogueFolders: ['models'] };
  const configFile = join(folder, 'easel.config.json');
  await writeFile(configFile, JSON.stringify(configuration));
  const manager = createImageServiceManager({ bundled: false, configFile, ...options });
  return {
    manager,
    install,
    async [Symbol.asyncDispose]() {
      await manager.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

const modelOf = (id: string) => ({
  id,
  name: id,
  pipelineType: id,
  source: { type: 'provider', id },
  defaults: { width: 64, height: 64 },
  supports: { minimumEdge: 8, maximumEdge: 64, edgeMultiple: 8, images: 1 },
});
