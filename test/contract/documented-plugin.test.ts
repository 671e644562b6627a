/**
 * The suite that every plugin passes, over the plugin of docs/writing-a-plugin.md against the emulator there.
 *
 * @module
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Emulated, TaskEmulator } from '@easel/plugin-sdk/emulator';
import { testPlugin } from '@easel/plugin-sdk/testing';
import { afterAll } from 'vitest';
import { readPages, UserFolder } from '../docs/page.js';

interface Example {
  startExample(): Promise<Pick<Emulated, 'secrets' | 'options'> & { readonly emulator: TaskEmulator }>;
}

const page = (await readPages()).find(({ path }) => path === 'docs/writing-a-plugin.md');
if (!page) throw new Error('there is no page on plugins');
const folder = await UserFolder.create(page);
const plugin = join(folder.path, 'plugins/example-queue');
const { startExample } = (await import(pathToFileURL(join(plugin, 'emulator.js')).href)) as Example;
const { emulator, secrets, options } = await startExample();
afterAll(async () => {
  await emulator.close();
  await folder.remove();
});

const model = page.snippets.find(({ mark }) => mark === 'model')?.text ?? '';

testPlugin({
  name: 'the plugin of docs/writing-a-plugin.md',
  folder: plugin,
  model: JSON.parse(model),
  request: { width: 256, height: 256 },
  config: options,
  secrets,
  refusedConfig: { requestMs: 0 },
  slow: { prompt: 'a snail, slowly' },
  failures: [{ request: { prompt: 'a forbidden thing' }, code: 'ERR_CONTENT_REFUSED' }],
  provider: {
    paid: () => emulator.paid,
    loseImages(areLost) {
      emulator.isHostDown = areLost;
    },
  },
});
