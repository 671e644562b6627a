import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { createMark, dropMark, isServerRunning } from '../jobs/server-mark.js';
import { writePrivateFile } from '../results/write-whole-file.js';

const serverSchema = z.strictObject({
  id: z.string(),
  pid: z.int().positive(),
  startedAt: z.string(),
  machine: z.string(),
  /** Where it is reached from this machine. */
  url: z.url(),
  /** Lets commands of the same user in, with all scopes. */
  key: z.string(),
  /** Milliseconds since 1970. */
  since: z.number(),
});
/** A server that keeps its things in a storage folder, as commands on the same machine find it. */
export type RunningServer = z.output<typeof serverSchema>;

const folderIn = (storageFolder: string) => join(storageFolder, 'servers');

/**
 * Tells commands of the same user where this process serves. Resolves with a function that takes it back.
 * Rejects with ERR_STORAGE.
 */
export async function announceServer(
  storageFolder: string,
  { url, key }: Pick<RunningServer, 'url' | 'key'>,
): Promise<() => Promise<void>> {
  sweep(storageFolder);
  const mark = createMark();
  const file = join(folderIn(storageFolder), `${mark.id}.json`);
  await writePrivateFile(file, Buffer.from(JSON.stringify({ ...mark, url, key, since: Date.now() })));
  return async () => {
    dropMark(mark);
    await rm(file, { force: true });
  };
}

/** The servers of a storage folder that run on this machine, or in this container, the newest first. */
export function findServers(storageFolder: string): RunningServer[] {
  return readAll(storageFolder)
    .flatMap(({ server }) => (server && isServerRunning(server) ? [server] : []))
    .sort((one, other) => other.since - one.since);
}

/** Removes what servers have left that were killed. */
function sweep(storageFolder: string): void {
  for (const { file, server } of readAll(storageFolder))
    if (server && isServerRunning(server) === false) rmSync(file, { force: true });
}

function readAll(storageFolder: string): { readonly file: string; readonly server?: RunningServer }[] {
  const folder = folderIn(storageFolder);
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .map((name) => ({ file: join(folder, name), ...readServer(join(folder, name)) }));
  } catch {
    return [];
  }
}

function readServer(file: string): { readonly server?: RunningServer } {
  try {
    return { server: serverSchema.parse(JSON.parse(readFileSync(file, 'utf8'))) };
  } catch {
    // Taken back this moment, or of another version.
    return {};
  }
}
