/**
 * The journal of paid tasks, over real disks and a process that is killed.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type NewTask, TaskJournal } from '@easel/plugin-sdk/journal';
import { describe, expect, it, onTestFinished } from 'vitest';

const errors: string[] = [];
const logger = { debug() {}, info() {}, warn() {}, error: (message: string) => void errors.push(message) };

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'easel-journal-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  return folder;
}

const task = (more: Partial<NewTask> = {}): NewTask => ({
  id: randomUUID(),
  writtenAt: 1_000,
  fingerprint: 'a'.repeat(64),
  model: 'runware:101@1',
  count: 1,
  ...more,
});
const open = (folder: string, more = {}) =>
  TaskJournal.open({ folder, keepMs: 10_000, now: () => 2_000, logger, ...more });

const seeded = (fingerprint: string) => ({ fingerprint, isRepeatable: true });
const seedless = (fingerprint: string, requestId: string) => ({
  fingerprint,
  requestId,
  isRepeatable: false,
});

/** Writes a task down in a process of its own, and kills that. */
async function leave(folder: string, left: NewTask): Promise<void> {
  const script = `
    import { TaskJournal } from '@easel/plugin-sdk/journal';
    const logger = { debug() {}, info() {}, warn() {}, error() {} };
    const journal = await TaskJournal.open({ folder: ${JSON.stringify(folder)}, keepMs: 1, now: Date.now, logger });
    await journal.begin(${JSON.stringify(left)});
    await journal.keepTicket(${JSON.stringify(left.id)}, { remote: 'r-1' });
    console.log('written');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** Names of all files of tasks. */
const filesIn = async (folder: string) =>
  (await readdir(folder, { recursive: true })).filter((name) => /\/record\.json$/.test(name));

describe('the journal of tasks', () => {
  it('gives what a killed process has left to one call that asks for the same, and to no other', async () => {
    const folder = await makeFolder();
    const left = task();
    await leave(folder, left);
    const journal = await open(folder);
    expect(journal.orphans).toMatchObject([{ ...left, ticket: { remote: 'r-1' } }]);
    expect(await journal.adopt(seeded('b'.repeat(64)))).toBeUndefined();
    expect(await journal.adopt(seeded(left.fingerprint))).toMatchObject(left);
    expect(await journal.adopt(seeded(left.fingerprint))).toBeUndefined();
    journal.abandon(left.id);
    expect(await journal.adopt(seeded(left.fingerprint))).toMatchObject(left);
    journal.end(left.id);
    await journal.close();
    expect(await filesIn(folder)).toEqual([]);
  });

  it('gives what has no seed to its own call only, whatever another one asks for', async () => {
    const folder = await makeFolder();
    const left = task({ requestId: 'job-1' });
    await leave(folder, left);
    const journal = await open(folder);
    expect(await journal.adopt(seedless(left.fingerprint, 'job-2'))).toBeUndefined();
    expect(await journal.adopt({ fingerprint: left.fingerprint, isRepeatable: false })).toBeUndefined();
    expect(await journal.adopt(seedless(left.fingerprint, 'job-1'))).toMatchObject(left);
    await journal.close();
  });

  it('lets a call wait while another journal is worked on, and gives it what that one leaves', async () => {
    const folder = await makeFolder();
    const other = await open(folder);
    const left = task({ requestId: 'job-1' });
    await other.begin(left);
    const journal = await open(folder);
    expect(journal.orphans).toEqual([]);
    const { signal } = new AbortController();
    await journal.waitForOthers('job-2', signal);
    let hasWaited = false;
    const waiting = journal.waitForOthers('job-1', signal).then(() => {
      hasWaited = true;
    });
    await journal.waitForOthers('job-2', signal);
    expect(hasWaited).toBe(false);
    await other.close();
    await waiting;
    expect(await journal.adopt(seedless(left.fingerprint, 'job-1'))).toMatchObject(left);
    await journal.close();
  });

  it('takes what another process that runs has abandoned, and that one gives it to nobody then', async () => {
    const folder = await makeFolder();
    const first = await open(folder);
    const begun = task({ requestId: 'job-1' });
    await first.begin(begun);
    const second = await open(folder);
    const waiting = second.waitForOthers('job-1', new AbortController().signal);
    first.abandon(begun.id);
    await waiting;
    const identity = seedless(begun.fingerprint, 'job-1');
    expect(await first.adopt(identity)).toBeUndefined();
    expect(await second.adopt(identity)).toMatchObject(begun);
    await Promise.all([first.close(), second.close()]);
  });

  it('ends a wait that is cancelled', async () => {
    const folder = await makeFolder();
    const first = await open(folder);
    await first.begin(task({ requestId: 'job-1' }));
    const second = await open(folder);
    const controller = new AbortController();
    const waiting = second.waitForOthers('job-1', controller.signal);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    await Promise.all([first.close(), second.close()]);
  });

  it('forgets what nobody has asked for again in time', async () => {
    const folder = await makeFolder();
    let now = 2_000;
    const journal = await open(folder, { now: () => now });
    const old = task();
    await journal.begin(old);
    journal.abandon(old.id);
    now = 20_000;
    expect(await journal.adopt(seeded(old.fingerprint))).toBeUndefined();
    await journal.close();
    expect(await filesIn(folder)).toEqual([]);
  });

  it('passes over an entry that was cut off before its record, and reports one that cannot be read', async () => {
    const folder = await makeFolder();
    const left = task();
    await leave(folder, left);
    const [path] = await filesIn(folder);
    const journalFolder = join(folder, String(path).split('/')[0] as string);
    for (const name of ['torn', 'broken']) await mkdir(join(journalFolder, name));
    await writeFile(join(journalFolder, 'broken', 'record.json'), '{"version":');
    const journal = await open(folder);
    expect(journal.orphans).toHaveLength(1);
    expect(errors.join(' ')).toContain('cannot be read');
    expect(await readdir(journalFolder)).not.toContain('torn');
    expect(await readFile(join(journalFolder, 'broken', 'record.json'), 'utf8')).toBe('{"version":');
    await journal.close();
  });

  it('does not let a task be sent that cannot be written down', async () => {
    const folder = await makeFolder();
    const journal = await open(folder);
    await journal.close();
    await expect(journal.begin(task())).rejects.toMatchObject({ code: 'ERR_STORAGE' });
    expect(journal.orphans).toEqual([]);
  });
});
