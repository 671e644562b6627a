import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Entry, readJournal } from './entry.js';
import { Journal } from './journal.js';
import { LogFile } from './log-file.js';
import { isFree } from './owner.js';

const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'easel-journal-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const entry = (more: Partial<Entry> = {}): Entry => ({
  taskUUID: randomUUID(),
  at: 1_000,
  fingerprint: 'a'.repeat(64),
  model: 'runware:101@1',
  count: 1,
  ...more,
});
const open = (folder: string, more = {}) =>
  Journal.open({ folder, keepMs: 10_000, now: () => 2_000, logger, ...more });

const seeded = (fingerprint: string) => ({ fingerprint, isRepeatable: true });
const seedless = (fingerprint: string, requestId: string) => ({
  fingerprint,
  requestId,
  isRepeatable: false,
});

/** A journal as a process that has ended would have left it. */
async function leave(folder: string, left: Entry): Promise<void> {
  const name = `tasks.2147483646.123.${randomUUID()}.jsonl`;
  await writeFile(join(folder, name), `${JSON.stringify({ event: 'begun', ...left })}\n`);
}

describe('the journal', () => {
  it('gives what a process has left to one call that asks for the same, and to no other', async () => {
    const folder = await makeFolder();
    const left = entry();
    await leave(folder, left);
    const journal = await open(folder);
    expect(journal.orphans).toEqual([left]);
    expect(journal.adopt(seeded('b'.repeat(64)))).toBeUndefined();
    expect(journal.adopt(seeded(left.fingerprint))).toEqual(left);
    expect(journal.adopt(seeded(left.fingerprint))).toBeUndefined();
    journal.abandon(left.taskUUID);
    expect(journal.adopt(seeded(left.fingerprint))).toEqual(left);
    journal.end(left.taskUUID, 'delivered');
    await journal.close();
    expect(await readdir(folder)).toEqual([]);
  });

  it('gives what has no seed to its own call only, whatever another one asks for', async () => {
    const folder = await makeFolder();
    const left = entry({ requestId: 'job-1' });
    await leave(folder, left);
    const journal = await open(folder);
    expect(journal.adopt(seedless(left.fingerprint, 'job-2'))).toBeUndefined();
    expect(journal.adopt({ fingerprint: left.fingerprint, isRepeatable: false })).toBeUndefined();
    expect(journal.adopt(seedless(left.fingerprint, 'job-1'))).toEqual(left);
    await journal.close();
  });

  it('lets a call wait while another process works on it, and gives it what that one leaves', async () => {
    const folder = await makeFolder();
    const other = await open(folder);
    const left = entry({ requestId: 'job-1' });
    await other.begin(left);
    const journal = await open(folder);
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
    expect(journal.adopt(seedless(left.fingerprint, 'job-1'))).toEqual(left);
    await journal.close();
  });

  it('is not taken from a process that runs, and is from one that has closed', async () => {
    const folder = await makeFolder();
    const first = await open(folder);
    await first.begin(entry());
    const second = await open(folder);
    expect(second.orphans).toEqual([]);
    await first.close();
    expect(await second.takeOver()).toHaveLength(1);
    await second.close();
    const [left] = await readdir(folder);
    expect(await isFree(join(folder, String(left)))).toBe(true);
  });

  it.each([
    ['is renewed', 0, false],
    ['is not renewed any more', 16_000, true],
  ])(
    'of a process with this number in another container, that %s: free %s',
    async (_, silentMs, isNobodys) => {
      const folder = await makeFolder();
      // A plugin's process cannot tell when it began.
      const path = join(folder, `tasks.${process.pid}.unknown.${randomUUID()}.jsonl`);
      await writeFile(path, '');
      const at = new Date(Date.now() - silentMs);
      await utimes(path, at, at);
      expect(await isFree(path)).toBe(isNobodys);
    },
  );

  it('gives a call what another process that runs has abandoned, and waits while it works on it', async () => {
    const folder = await makeFolder();
    const first = await open(folder);
    const task = entry({ requestId: 'job-1' });
    await first.begin(task);
    const second = await open(folder);
    let isReady = false;
    const waiting = second.waitForOthers('job-1', new AbortController().signal).then(() => {
      isReady = true;
    });
    // Another call has looked at the same journal meanwhile.
    await second.waitForOthers('job-2', new AbortController().signal);
    expect(isReady).toBe(false);
    first.abandon(task.taskUUID);
    await waiting;
    expect(second.adopt(seedless(task.fingerprint, 'job-1'))).toEqual(task);
    await Promise.all([first.close(), second.close()]);
  });

  it('forgets what nobody has asked for again in time', async () => {
    const folder = await makeFolder();
    let now = 2_000;
    const journal = await open(folder, { now: () => now });
    const old = entry();
    await journal.begin(old);
    journal.abandon(old.taskUUID);
    now = 20_000;
    expect(journal.adopt(seeded(old.fingerprint))).toBeUndefined();
    expect(journal.orphans).toEqual([]);
    await journal.close();
  });

  it('passes over lines that a crash has cut off, and whatever else is none', () => {
    const left = entry();
    const line = JSON.stringify({ event: 'begun', ...left });
    const text = `${line}\nnonsense\n{"event":"begun"}\n\n${line.slice(0, 40)}`;
    expect([...readJournal(text).open.values()]).toEqual([left]);
    expect(
      readJournal(`${text}\n${JSON.stringify({ event: 'ended', taskUUID: left.taskUUID, ending: 'lost' })}`)
        .open.size,
    ).toBe(0);
  });

  it('becomes smaller when most of it is of the past, and loses nothing that is open', async () => {
    const folder = await makeFolder();
    const journal = await open(folder);
    const kept = Array.from({ length: 5 }, () => entry());
    await Promise.all(kept.map((one) => journal.begin(one)));
    for (let round = 0; round < 30; round++) {
      const passing = Array.from({ length: 50 }, () => entry());
      await Promise.all(passing.map((one) => journal.begin(one)));
      for (const { taskUUID } of passing) journal.end(taskUUID, 'failed');
      if (round === 20) await journal.begin(kept[round % 5]!);
    }
    await journal.close();
    const [name] = await readdir(folder);
    const text = await readFile(join(folder, String(name)), 'utf8');
    expect(text.split('\n').length).toBeLessThan(2_600);
    expect([...readJournal(text).open.keys()].sort()).toEqual(kept.map(({ taskUUID }) => taskUUID).sort());
  });

  it('does not let a task be sent that cannot be written down', async () => {
    const folder = await makeFolder();
    const journal = await open(folder);
    await journal.close();
    await expect(journal.begin(entry())).rejects.toMatchObject({ code: 'ERR_STORAGE' });
    expect(journal.orphans).toEqual([]);
  });
});

describe('LogFile', () => {
  it('writes all that is added, in its order, also while it is written anew', async () => {
    const file = await LogFile.create(join(await makeFolder(), 'log'));
    const before = Array.from({ length: 50 }, (_, index) => file.append({ index }));
    const rewriting = file.rewrite(() => [{ index: 'first' }]);
    await Promise.all([...before, rewriting]);
    await Promise.all(Array.from({ length: 50 }, (_, index) => file.append({ index: 100 + index })));
    await file.close();
    const lines = (await readFile(file.path, 'utf8')).trim().split('\n');
    expect(JSON.parse(lines[0]!)).toEqual({ index: 'first' });
    expect(lines.slice(1).map((line) => (JSON.parse(line) as { index: number }).index)).toEqual(
      Array.from({ length: 50 }, (_, index) => 100 + index),
    );
  });

  it('does not take the place of a file that is there', async () => {
    const path = join(await makeFolder(), 'log');
    await writeFile(path, 'x');
    await expect(LogFile.create(path)).rejects.toThrow();
  });
});
