import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { KeyStore } from '../../core/src/keys/key-store.js';
import { shareKeys } from '../../core/src/scale/share-keys.js';
import type { SharedDocuments } from '../../core/src/scale/shared-documents.js';

/** A text that all servers see, with those who follow it. */
function createDocuments(): SharedDocuments {
  let text: string | undefined;
  const listeners = new Set<(text: string) => void>();
  return {
    read: async () => text,
    async change(_, change) {
      text = change(text);
      for (const listener of listeners) listener(text);
      return text;
    },
    follow: (_, listener) => void listeners.add(listener),
  };
}

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const settings = { name: 'one', scopes: ['generate' as const] };

/** A server's keys, which it shares while it runs. */
async function createServer(documents: SharedDocuments) {
  const folder = await mkdtemp(join(tmpdir(), 'easel-keys-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  const keys = new KeyStore(folder);
  return { keys, start: () => shareKeys(documents, keys, folder, silent) };
}

it('keeps a key revoked that was revoked while a server was away, by others or beside it', async () => {
  const documents = createDocuments();
  const [first, second] = [await createServer(documents), await createServer(documents)];
  const [one, two] = [(await first.keys.create(settings)).key, (await first.keys.create(settings)).key];
  const stopFirst = await first.start();
  onTestFinished(stopFirst);
  const stopSecond = await second.start();
  expect(second.keys.keys.map(({ id }) => id)).toEqual([one.id, two.id]);
  stopSecond();

  await first.keys.revoke(one.id);
  await expect.poll(async () => JSON.parse((await documents.read('keys')) ?? '{}').keys?.length).toBe(1);
  await second.keys.revoke(two.id);
  onTestFinished(await second.start());
  await expect.poll(() => [first.keys.keys, second.keys.keys]).toEqual([[], []]);
});

it('shares a key that is made while another server makes one', async () => {
  const documents = createDocuments();
  const servers = [await createServer(documents), await createServer(documents)];
  for (const { start } of servers) onTestFinished(await start());
  const made = await Promise.all(servers.map(({ keys }) => keys.create(settings)));
  const ids = made.map(({ key }) => key.id).sort();
  await expect
    .poll(() => servers.map(({ keys }) => keys.keys.map(({ id }) => id).sort()))
    .toEqual([ids, ids]);
});
