import { chmod, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createKey, send, startServer } from './server.js';

const prompt = 'a fixture';

/**
 * Mode of everything in a folder, the folder among them, as text; links and what is gone again are passed
 * over.
 */
async function modesOf(folder: string): Promise<Record<string, string>> {
  const modes: Record<string, string> = { '': (await modeOf(folder)) ?? '' };
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name);
    const mode = await modeOf(path);
    if (mode !== undefined) modes[path.slice(folder.length + 1)] = mode;
  }
  return modes;
}

const modeOf = async (path: string) =>
  await stat(path).then(
    ({ mode }) => (mode & 0o777).toString(8),
    () => undefined,
  );

const openToOthers = (modes: Record<string, string>) =>
  Object.entries(modes).filter(([, mode]) => !mode.endsWith('00'));

it('what the server keeps is its owner alone to read, from the moment it is written', async () => {
  const umask = process.umask(0o022);
  onTestFinished(() => void process.umask(umask));
  const parent = await mkdtemp(join(tmpdir(), 'easel-private-'));
  onTestFinished(() => rm(parent, { recursive: true, force: true, maxRetries: 10 }));
  const storageFolder = join(parent, 'made/by/the/server');
  const server = await startServer({ storageFolder });
  await createKey(storageFolder, { scopes: ['admin'] });
  await rm(join(storageFolder, 'keys.json'));
  await rm(join(storageFolder, 'keys-required'));
  await server.close();

  const again = await startServer({ storageFolder });
  const made = await again.post('/api/images/generate', { prompt, seed: 1 });
  const { image_url: url } = (await made.json()) as { image_url: string };
  await send(`${url}/thumbnail`);
  await again.post('/api/images/jobs', { prompt });
  await createKey(storageFolder);
  const modes = await modesOf(storageFolder);
  expect(modes['']).toBe('700');
  for (const name of ['jobs.db', 'jobs.db-wal', 'jobs.db-shm', 'keys.json', 'keys-required'])
    expect(modes[name], name).toBe('600');
  for (const folder of ['results', 'cache'])
    expect(
      Object.keys(modes).some((name) => name.startsWith(`${folder}/`)),
      folder,
    ).toBe(true);
  expect(openToOthers(modes)).toEqual([]);
});

it('what an earlier version has left open is closed, and what it links to stays as it is', async () => {
  const storageFolder = await mkdtemp(join(tmpdir(), 'easel-open-'));
  const elsewhere = await mkdtemp(join(tmpdir(), 'easel-elsewhere-'));
  onTestFinished(() => rm(elsewhere, { recursive: true, force: true, maxRetries: 10 }));
  await chmod(storageFolder, 0o755);
  await chmod(elsewhere, 0o755);
  const first = await startServer({ storageFolder });
  await first.post('/api/images/jobs', { prompt });
  await first.close();
  for (const folder of ['results/ab', 'inputs/cd', 'plugins/steady'])
    await mkdir(join(storageFolder, folder), { recursive: true });
  for (const name of ['results/ab/x.png', 'inputs/cd/y.png', 'plugins/steady/tool', 'secrets.json'])
    await writeFile(join(storageFolder, name), '{}');
  await symlink(elsewhere, join(storageFolder, 'plugins/link'));
  for (const name of Object.keys(await modesOf(storageFolder)))
    await chmod(join(storageFolder, name), name.endsWith('tool') || !name.includes('.') ? 0o755 : 0o644);

  await startServer({ storageFolder });
  // The database and what lies beside it at once; the rest while the server runs.
  expect((await stat(join(storageFolder, 'jobs.db'))).mode & 0o777).toBe(0o600);
  await expect.poll(async () => openToOthers(await modesOf(storageFolder))).toEqual([]);
  expect((await modesOf(storageFolder))['plugins/steady/tool']).toBe('700');
  expect((await stat(elsewhere)).mode & 0o777).toBe(0o755);
});
