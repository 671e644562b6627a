import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';

const built = (module: string) => new URL(`../../dist/session/${module}`, import.meta.url).href;

/** Opens sessions and runs them. Telemetry writes its first files when a session is created. */
const session = `
  const { testDevice } = await import('${built('self-test.js')}');
  console.log((await testDevice('cpu')).usable);`;

const inWorker = `
  const { Worker } = await import('node:worker_threads');
  const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(session)})));
  await new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject));`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'easel-telemetry-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Runs a script whose home and temporary folder are both `folder`. */
const run = (script: string) =>
  promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    env: { PATH: process.env.PATH, HOME: folder, TMPDIR: folder },
  });

test.each([
  ['in the main thread', session],
  ['in a worker', `await import('${built('without-telemetry.js')}');${inWorker}`],
])('a session %s leaves no file of its own', async (_, script) => {
  expect((await run(script)).stdout).toBe('true\n');
  expect(await readdir(folder)).toEqual([]);
});

test('a worker whose main thread has not switched telemetry off loads no ONNX Runtime', async () => {
  await expect(run(inWorker)).rejects.toThrow(/Import session\/without-telemetry\.js in the main thread/);
  expect(await readdir(folder)).toEqual([]);
});
