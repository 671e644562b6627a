import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'libsql';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { createServeFolder, serveFrom } from '../chaos/fixtures/serve-command.js';
import type { JobAnswer } from './shared-folder.js';

const archives = fileURLToPath(new URL('../fixtures/storage/', import.meta.url));
const versions = readdirSync(archives).filter((name) => name.endsWith('.tar.gz'));
const madeSchema = z.strictObject({
  key: z.string(),
  done: z.string(),
  failed: z.string(),
  running: z.string(),
  queued: z.string(),
});

const versionOf = (folder: string): number => {
  const database = new Database(join(folder, 'kept/jobs.db'), { readonly: true });
  try {
    return (database.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;
  } finally {
    database.close();
  }
};

it.each(versions)(
  '%s, as its server left it when it was killed, is taken over',
  { timeout: 120_000 },
  async (name) => {
    const folder = await createServeFolder({ server: { resultDays: 10_000 } });
    // With the time of now: what is old is swept away.
    execFileSync('tar', ['-xmzf', join(archives, name), '-C', folder]);
    const made = madeSchema.parse(JSON.parse(readFileSync(join(folder, 'made.json'), 'utf8')));
    const server = await serveFrom(folder, { environment: { CHAOS_KEY: 'sk-fixture-0123456789' } });
    expect((await fetch(`${server.url}/api/images/jobs/${made.done}`)).status).toBe(401);
    const headers = { authorization: `Bearer ${made.key}` };
    const jobOf = async (id: string) =>
      (await (await fetch(`${server.url}/api/images/jobs/${id}`, { headers })).json()) as JobAnswer;
    const imageOf = async (id: string) => await fetch((await jobOf(id)).result?.images[0]?.url ?? '');

    expect((await jobOf(made.done)).state).toBe('succeeded');
    expect((await imageOf(made.done)).headers.get('content-type')).toBe('image/png');
    expect(await jobOf(made.failed)).toMatchObject({
      state: 'failed',
      error: { code: 'ERR_CONTENT_REFUSED' },
    });
    // The jobs of the server that was killed are done by this one.
    await expect.poll(async () => (await jobOf(made.queued)).state, { timeout: 60_000 }).toBe('succeeded');
    expect((await imageOf(made.queued)).status).toBe(200);
    expect((await jobOf(made.running)).state).toBe('running');
    const gallery = await fetch(`${server.url}/api/images/gallery`, { headers });
    expect(((await gallery.json()) as { total: number }).total).toBeGreaterThanOrEqual(2);
    // Of each version before the newest there is an archive.
    expect(versions.length).toBeGreaterThanOrEqual(versionOf(folder));
  },
);
