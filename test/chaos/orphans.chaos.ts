import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createImageServiceManager } from '@easel/core';
import { expect, it, onTestFinished } from 'vitest';
import { isRunning } from '../fixtures/is-running.js';
import { createFolder, install, paintingCode } from './fixtures/world.js';

const kernel = fileURLToPath(new URL('fixtures/doomed-kernel.js', import.meta.url));
const limitMs = 3_000;

/** Nobody may end these but their own watchdogs: the kernel that would is dead. */
const runtime = { stallMs: 600_000, startMs: 600_000 };
const plugin = (generate: string) => `
  import { definePlugin } from '@easel/plugin-sdk';
  import { z } from 'zod';
  export default definePlugin({
    config: z.strictObject({}),
    options: z.strictObject({}),
    async start() { return { async generate() { ${generate} } }; },
  });`;
const served = { 'painter-a': paintingCode, 'painter-b': paintingCode };
const busy = {
  'looping-call': plugin('for (;;);'),
  'looping-start': 'for (;;);',
  'waiting-call': plugin('await new Promise(() => setInterval(() => {}, 1_000));'),
  'deaf-call': plugin(
    'for (const name of ["SIGTERM", "SIGHUP", "SIGINT", "SIGPIPE"]) process.on(name, () => {}); for (;;);',
  ),
  'stuck-exit': `process.on('exit', () => { for (;;); });\n${plugin('await new Promise(() => {});')}`,
};

it(`no plugin outlives a kernel that was killed by more than ${limitMs / 1_000} s, and the next kernel tidies up`, async () => {
  const ids = [...Object.keys(served), ...Object.keys(busy)];
  const folder = await createFolder(ids);
  const plugins = join(folder, 'plugins');
  for (const [id, code] of Object.entries({ ...served, ...busy }))
    await install(plugins, id, '1.0.0', { code, manifest: { runtime } });
  const configFile = join(folder, 'easel.config.json');

  const host = spawn(
    process.execPath,
    [kernel, configFile, Object.keys(served).join(), Object.keys(busy).join()],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  onTestFinished(() => void host.kill('SIGKILL'));
  const [line] = (await once(createInterface(host.stdout), 'line')) as [string];
  const pids = JSON.parse(line) as Record<string, number>;
  expect(Object.keys(pids)).toEqual(ids);
  onTestFinished(() => {
    for (const pid of Object.values(pids)) if (isRunning(pid)) process.kill(pid, 'SIGKILL');
  });
  expect(Object.values(pids).every(isRunning)).toBe(true);

  host.kill('SIGKILL');
  const from = performance.now();
  const left = () => Object.keys(pids).filter((id) => isRunning(pids[id] as number));
  await expect.poll(left, { timeout: limitMs, interval: 20 }).toEqual([]);
  console.log(
    `${ids.length} plugins were gone ${Math.round(performance.now() - from)} ms after their kernel`,
  );

  const copies = () => readdir(join(folder, 'kept/generations')).catch(() => []);
  const manager = createImageServiceManager({ bundled: false, configFile, hotLoad: true });
  onTestFinished(async () => void (await manager.close()));
  const isOfTheDead = (name: string) => name.includes(`.${host.pid}.`);
  await install(plugins, 'painter-a', '2.0.0');
  await expect.poll(async () => (await copies()).length).toBeGreaterThan(0);
  await expect.poll(async () => (await copies()).filter(isOfTheDead)).toEqual([]);
  await manager.close();
  expect(await copies()).toEqual([]);
});
