import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { jsonOf, startServer } from './server.js';

const value = 'sk-entered-0123456789';
interface Listed {
  readonly plugins: readonly { id: string; available: boolean; missingSecrets?: string[] }[];
}

/** A server whose plugin "chaos" misses its key, and which keeps keys in a file. */
async function startWithoutKey(environment: Record<string, string> = {}) {
  const storageFolder = await mkdtemp(join(tmpdir(), 'easel-secrets-'));
  onTestFinished(() => rm(storageFolder, { recursive: true, force: true, maxRetries: 10 }));
  const secretsFile = join(storageFolder, 'kept.json');
  await writeFile(secretsFile, '{}', { mode: 0o600 });
  const server = await startServer({ secretsFile, storageFolder }, { environment });
  const chaos = async () =>
    (await jsonOf<Listed>(await server.get('/api/health/images'))).plugins.find(({ id }) => id === 'chaos');
  return { server, secretsFile, chaos };
}

it('keeps a key that is entered in the file of its owner, hands it to its plugin, and tells it to nobody', async () => {
  const { server, secretsFile, chaos } = await startWithoutKey();
  expect(await chaos()).toMatchObject({ available: false, missingSecrets: ['CHAOS_KEY'] });
  const answer = await server.post('/api/admin/secrets', { name: 'CHAOS_KEY', value });
  expect(answer.status).toBe(200);
  const text = await answer.text();
  expect(JSON.parse(text)).toEqual({ success: true, plugins: ['chaos'] });
  expect(await chaos()).toMatchObject({ available: true });
  expect(JSON.parse(await readFile(secretsFile, 'utf8'))).toEqual({ CHAOS_KEY: value });
  expect((await stat(secretsFile)).mode & 0o777).toBe(0o600);
  const configuration = await (await server.get('/api/admin/configuration')).text();
  expect(text + configuration).not.toContain(value);
});

it('refuses names that nobody asks for, and what the environment has', async () => {
  const { server } = await startWithoutKey({ CHAOS_KEY: 'sk-of-the-environment' });
  for (const name of ['PATH', 'CHAOS_KEY']) {
    const answer = await server.post('/api/admin/secrets', { name, value });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    const text = await answer.text();
    expect(text).toContain('ERR_CONFIG_INVALID');
    expect(text).not.toContain(value);
  }
});
