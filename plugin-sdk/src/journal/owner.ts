/**
 * Which process works on a journal. Kernels share a storage folder, and a version that is being replaced runs
 * on beside its successor, but what a journal has must have one process that takes care of it.
 *
 * @module
 */
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ownMark } from '../running-process.js';
import { isOwnerAlive, SignOfLife } from '../sign-of-life.js';

const fileName = 'owner.json';
/** A claim that is still being written is not a stale one. */
const writingMs = 5_000;

const ownerSchema = z.object({
  pid: z.int().positive(),
  startedAt: z.string(),
  space: z.string().default(''),
});
type Owner = z.output<typeof ownerSchema>;

const signOfLife = new SignOfLife();

/** Claims a journal's folder, which exists. Answers whether it was free, or its owner has ended. */
export async function claim(folder: string): Promise<boolean> {
  const path = join(folder, fileName);
  if (await writeClaim(path)) return true;
  const read = await readFile(path, 'utf8').catch(() => undefined);
  if (read === undefined || (await isHeld(path, read))) return false;
  // Of several that find it stale one moves it away; what has been moved may be the claim of one that was
  // faster.
  const moved = `${path}.${process.pid}.stale`;
  try {
    await rename(path, moved);
  } catch {
    return false;
  }
  const isSame = (await readFile(moved, 'utf8').catch(() => undefined)) === read;
  if (!isSame) await rename(moved, path);
  else await rm(moved, { force: true });
  return isSame && (await writeClaim(path));
}

/** Gives a journal back. */
export async function release(folder: string): Promise<void> {
  const path = join(folder, fileName);
  signOfLife.drop(path);
  await rm(path, { force: true });
}

async function writeClaim(path: string): Promise<boolean> {
  try {
    const handle = await open(path, 'wx', 0o600);
    const owner: Owner = ownMark();
    await handle.writeFile(JSON.stringify(owner)).finally(() => handle.close());
    signOfLife.keep(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function isHeld(path: string, text: string): Promise<boolean> {
  const owner = parseOwner(text);
  if (owner) return await isOwnerAlive(path, owner);
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: 0 }));
  return Date.now() - mtimeMs < writingMs;
}

function parseOwner(text: string): Owner | undefined {
  try {
    return ownerSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
