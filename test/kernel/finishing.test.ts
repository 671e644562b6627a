import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isRunning } from '../fixtures/is-running.js';

const path = (relative: string) =>
  fileURLToPath(new URL(`../fixtures/finishing/${relative}`, import.meta.url));

/** A kernel whose plugin is in the middle of what the prompt says. */
async function startKernel(prompt: 'paid' | 'endless' | 'loop', runtime: object = {}) {
  const storageFolder = await mkdtemp(join(tmpdir(), 'easel-finishing-'));
  const configFile = join(storageFolder, 'easel.config.json');
  const configuration = {
    pluginFolders: [path('plugins')],
    catalogueFolders: [path('catalogue')],
    currentModel: 'paying',
    storageFolder,
    plugins: { paying: { runtime: { drainMs: 100, ...runtime } } },
  };
  await writeFile(configFile, JSON.stringify(configuration));
  const kernel = spawn(process.execPath, [path('kernel.js'), configFile, prompt], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(async () => {
    kernel.kill('SIGKILL');
    await rm(storageFolder, { recursive: true, force: true, maxRetries: 10 });
  });
  const [line] = (await once(createInterface(kernel.stdout), 'line')) as [string];
  const pid = Number(line);
  onTestFinished(() => {
    if (isRunning(pid)) process.kill(pid, 'SIGKILL');
  });
  const has = (name: string) => existsSync(join(storageFolder, 'plugins/paying', name));
  await expect.poll(() => has('begun')).toBe(true);
  return { kernel, pid, has };
}

describe('a plugin with work that is paid', () => {
  it.each(['SIGKILL', 'SIGTERM'] as const)('finishes it after %s of its kernel, and ends', async (signal) => {
    const { kernel, pid, has } = await startKernel('paid');
    kernel.kill(signal);
    await once(kernel, 'exit');
    expect(isRunning(pid)).toBe(true);
    expect(has('done')).toBe(false);
    await expect.poll(() => isRunning(pid)).toBe(false);
    expect(has('done')).toBe(true);
  });

  it('is not ended by the signals that its group is sent with its kernel', async () => {
    const { kernel, pid, has } = await startKernel('paid');
    for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM'] as const) process.kill(pid, signal);
    kernel.kill('SIGKILL');
    await expect.poll(() => isRunning(pid)).toBe(false);
    expect(has('done')).toBe(true);
  });

  it('is ended when its time is over', async () => {
    const { kernel, pid, has } = await startKernel('endless', { finishMs: 1_500 });
    kernel.kill('SIGKILL');
    await expect.poll(() => has('closing')).toBe(true);
    expect(isRunning(pid)).toBe(true);
    await expect.poll(() => isRunning(pid)).toBe(false);
  });

  it('has no time where it is in a loop: nothing can come of it', async () => {
    const { kernel, pid } = await startKernel('loop', { finishMs: 600_000 });
    kernel.kill('SIGKILL');
    await expect.poll(() => isRunning(pid)).toBe(false);
  });
});
