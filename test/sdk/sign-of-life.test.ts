import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isOwnerAlive, ownMark, SignOfLife } from '@easel/plugin-sdk';
import { describe, expect, it, onTestFinished } from 'vitest';

const elsewhere = 'another-one';
/** No process has it: Linux gives none above 4,194,304. */
const unusedPid = 4_200_000;

/** A file that was last renewed so many seconds ago. */
async function fileOf(seconds: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'easel-owner-'));
  onTestFinished(() => rm(folder, { recursive: true, maxRetries: 10 }));
  const path = join(folder, 'owner.json');
  await writeFile(path, '');
  const then = Date.now() / 1_000 - seconds;
  await utimes(path, then, then);
  return path;
}

describe('the owner of a file', () => {
  it.each([
    { what: 'of this process', mark: ownMark(), renewed: true, silent: false },
    { what: 'that has ended here', mark: { ...ownMark(), pid: unusedPid }, renewed: false, silent: false },
    {
      what: 'in another container',
      mark: { pid: unusedPid, startedAt: '', space: elsewhere },
      renewed: true,
      silent: false,
    },
    {
      what: 'in another container, with the number of a process that runs here',
      mark: { ...ownMark(), pid: process.ppid, space: elsewhere },
      renewed: true,
      silent: false,
    },
  ])(
    '$what lives: $renewed while it renews the file, and $silent when it has fallen silent',
    async ({ mark, renewed, silent }) => {
      expect(await isOwnerAlive(await fileOf(1), mark)).toBe(renewed);
      expect(await isOwnerAlive(await fileOf(60), mark)).toBe(silent);
    },
  );

  it('renews it', async () => {
    const path = await fileOf(60);
    const sign = new SignOfLife();
    onTestFinished(() => sign.drop(path));
    sign.keep(path);
    const mark = { pid: unusedPid, startedAt: '', space: elsewhere };
    await expect.poll(() => isOwnerAlive(path, mark)).toBe(true);
  });
});
