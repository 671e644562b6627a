import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { appendFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Database from 'libsql';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createServeFolder, type ServeCommand, serveFrom } from '../chaos/fixtures/serve-command.js';
import { endServer, type JobAnswer, jobOf } from '../jobs/shared-folder.js';
import { easel } from './easel.js';

const soon = { timeout: 60_000, interval: 100 };
const environment = { CHAOS_KEY: 'sk-fixture-0123456789' };
const command = fileURLToPath(new URL('../../core/bin/easel.js', import.meta.url));

/** Submits a job; answers its id. */
async function submit({ url }: ServeCommand, request: object): Promise<string> {
  const response = await fetch(`${url}/api/images/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
  });
  expect(response.status).toBe(202);
  return ((await response.json()) as JobAnswer).id;
}

/** A server with a job that is done and one that never ends, and a backup made while it works on others. */
async function createBackup() {
  // The job that never ends would be waited for.
  const folder = await createServeFolder({ server: { closeSeconds: 1 } });
  const server = await serveFrom(folder, { environment });
  const done = await submit(server, { prompt: 'a fixture' });
  await expect.poll(async () => (await jobOf(server, done)).state, soon).toBe('succeeded');
  const endless = await submit(server, {
    prompt: 'a fixture',
    model: 'chaos-one',
    provider_options: { chaos: { behaviour: 'ignore-everything' } },
  });
  await expect.poll(async () => (await jobOf(server, endless)).state, soon).toBe('running');
  const others = Promise.all(Array.from({ length: 20 }, () => submit(server, { prompt: 'another' })));
  const made = await easel(folder, ['backup', 'safe/one', '--json']);
  expect(made.status, made.stderr).toBe(0);
  await others;
  return { folder, server, done, endless, backup: join(folder, 'safe/one'), kept: join(folder, 'kept') };
}

describe('easel backup and restore', { timeout: 240_000 }, () => {
  it('bring back jobs, images and keys, whole or not at all', async () => {
    const { folder, server, done, endless, backup, kept } = await createBackup();
    expect(await readdir(join(folder, 'safe'))).toEqual(['one']);

    // Neither overwrites a backup, nor leaves a part of one.
    const again = await easel(folder, ['backup', 'safe/one']);
    expect(again).toMatchObject({ status: 1, stderr: expect.stringContaining('exists already') });
    await writeFile(join(folder, 'a-file'), '');
    expect((await easel(folder, ['backup', 'a-file/two'])).status).toBe(1);

    const running = await easel(folder, ['restore', 'safe/one']);
    expect(running).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('A server uses the storage'),
    });
    await endServer(server, 'SIGTERM');

    await rm(join(kept, 'results'), { recursive: true, maxRetries: 10 });
    await writeFile(join(kept, 'jobs.db'), 'damaged');
    const restored = await easel(folder, ['restore', 'safe/one']);
    expect(restored.status, restored.stderr).toBe(0);
    expect(restored.stderr).toMatch(/had not ended: they are ended as failed/);
    // What was there before is not lost.
    const [replaced = ''] = (await readdir(kept)).filter((name) => name.startsWith('replaced-'));
    expect(await readFile(join(kept, replaced, 'jobs.db'), 'utf8')).toBe('damaged');

    const next = await serveFrom(folder, { environment });
    const image = (await jobOf(next, done)).result?.images[0]?.url ?? '';
    expect((await fetch(image)).status).toBe(200);
    expect(await jobOf(next, endless)).toMatchObject({
      state: 'failed',
      error: { code: 'ERR_ABORTED', message: expect.stringContaining('when the backup was made') },
    });
    await endServer(next, 'SIGTERM');

    const resumed = await easel(folder, ['restore', 'safe/one', '--resume-jobs']);
    expect(resumed.status, resumed.stderr).toBe(0);
    const last = await serveFrom(folder, { environment });
    await expect.poll(async () => (await jobOf(last, endless)).state, soon).toBe('running');
    await endServer(last, 'SIGKILL');

    // A command that is killed leaves a folder that no server takes for the old or the new one.
    await mkdir(join(backup, 'cache'), { recursive: true });
    const more = Array.from({ length: 1_500 }, (_, index) => join(backup, `cache/${index}.json`));
    for (const file of more) await writeFile(file, '{}');
    const document = join(backup, 'easel-backup.json');
    const about = JSON.parse(await readFile(document, 'utf8')) as { files: number; bytes: number };
    const larger = { ...about, files: about.files + more.length, bytes: about.bytes + 2 * more.length };
    await writeFile(document, JSON.stringify(larger));
    const child = spawn(process.execPath, [command, 'restore', backup], { cwd: folder, stdio: 'ignore' });
    onTestFinished(() => void child.kill('SIGKILL'));
    while (!existsSync(join(kept, 'restore-unfinished'))) await turn();
    child.kill('SIGKILL');
    await once(child, 'exit');
    const refused = await easel(folder, ['serve', '--port', '0']);
    expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining('run it again') });
    expect((await easel(folder, ['restore', backup])).status).toBe(0);
    expect((await readdir(kept)).filter((name) => name.startsWith('.'))).toEqual([]);
    const after = await serveFrom(folder, { environment });
    expect((await jobOf(after, done)).state).toBe('succeeded');
  });

  it('refuse what is no backup, has lost files, or is of a newer version, and change nothing then', async () => {
    const { folder, server, backup, kept } = await createBackup();
    await endServer(server, 'SIGTERM');
    const before = await readFile(join(kept, 'jobs.db'));
    const refusal = async () => {
      const { status, stderr } = await easel(folder, ['restore', backup]);
      expect(status).toBe(1);
      expect((await readFile(join(kept, 'jobs.db'))).equals(before)).toBe(true);
      expect((await readdir(kept)).filter((name) => /^(\.|replaced|restore)/.test(name))).toEqual([]);
      return stderr;
    };
    const database = new Database(join(backup, 'jobs.db'));
    database.exec('PRAGMA user_version = 99');
    database.close();
    expect(await refusal()).toMatch(/newer/);
    const document = join(backup, 'easel-backup.json');
    const about = JSON.parse(await readFile(document, 'utf8')) as object;
    await writeFile(document, JSON.stringify({ ...about, format: 2, easel: '9.0.0' }));
    expect(await refusal()).toMatch(/made by a newer version of Easel, 9\.0\.0/);
    await writeFile(document, JSON.stringify(about));
    await appendFile(join(backup, 'jobs.db'), 'x');
    expect(await refusal()).toMatch(/is not whole/);
    await rm(document);
    expect(await refusal()).toMatch(/is not a backup/);
  });
});
