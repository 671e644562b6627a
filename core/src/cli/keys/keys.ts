import { readConfiguration } from '../../config/read-configuration.js';
import { type Scope, scopes } from '../../keys/key-file.js';
import { KeyStore } from '../../keys/key-store.js';
import { parseCount, parseDollars } from '../flag-values.js';
import { exitStatus } from '../terminal/exit-status.js';
import { printJson, printLine, printNote } from '../terminal/output.js';
import { formatTable } from '../terminal/table.js';
import { UsageError } from '../terminal/usage-error.js';
import type { CreateKeyFlags, KeysFlags } from './flags.js';

const openStore = ({ config }: KeysFlags) =>
  new KeyStore(readConfiguration({ configFile: config }).storageFolder);

/** `easel keys create`: prints the key, which cannot be read again. */
export async function createKey(name: string, flags: CreateKeyFlags): Promise<number> {
  const wanted = flags.scope ?? ['generate', 'read'];
  const unknown = wanted.find((scope) => !(scopes as readonly string[]).includes(scope));
  if (unknown !== undefined) throw new UsageError(`--scope ${unknown}: must be one of ${scopes.join(', ')}`);
  const perMinute = parseCount('--per-minute', flags.perMinute);
  const concurrency = parseCount('--concurrency', flags.concurrency);
  const dollarsPerDay = parseDollars('--budget', flags.budget);
  const { key, text } = await openStore(flags).create({
    name,
    scopes: wanted as Scope[],
    ...(perMinute === undefined ? {} : { perMinute }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(dollarsPerDay === undefined ? {} : { dollarsPerDay }),
  });
  if (flags.json) printJson({ id: key.id, name, scopes: key.scopes, key: text });
  else {
    printLine(text);
    printNote('Keep it: it cannot be shown again. From now on the server asks for a key.');
  }
  return exitStatus.ok;
}

/** `easel keys list`: what is known of each key. */
export async function listKeys(flags: KeysFlags): Promise<number> {
  const keys = openStore(flags).keys.map(({ hash: _, ...key }) => key);
  if (flags.json) printJson({ keys });
  else if (keys.length === 0) printLine('There are no keys: the server lets everybody in who reaches it.');
  else {
    const limit = (value: number | undefined) => (value === undefined ? '-' : `${value}`);
    const rows = keys.map((key) => [
      key.id,
      key.name,
      key.scopes.join(', '),
      limit(key.perMinute),
      limit(key.concurrency),
      limit(key.dollarsPerDay),
      key.createdAt.slice(0, 10),
    ]);
    printLine(formatTable(['ID', 'NAME', 'SCOPES', 'PER MINUTE', 'AT ONCE', 'USD A DAY', 'CREATED'], rows));
  }
  return exitStatus.ok;
}

/** `easel keys webhook-secret`: prints what the signatures of webhooks are made with. */
export async function showWebhookSecret(flags: KeysFlags): Promise<number> {
  const secret = openStore(flags).webhookSecret;
  if (secret === undefined)
    throw new UsageError('webhooks are not signed: there are no keys', 'Make one with `easel keys create`.');
  if (flags.json) printJson({ secret });
  else printLine(secret);
  return exitStatus.ok;
}

/** `easel keys revoke`: a running server refuses it from its next request on. */
export async function revokeKey(id: string, flags: KeysFlags): Promise<number> {
  const store = openStore(flags);
  const isRevoked = await store.revoke(id);
  if (!isRevoked) throw new UsageError(`there is no key "${id}"`, 'See `easel keys list`.');
  if (flags.json) printJson({ id, revoked: true });
  else {
    printLine(`${id} is revoked.`);
    if (store.keys.length === 0)
      printNote('It was the last one. A running server lets nobody in; after a restart it asks for no key.');
  }
  return exitStatus.ok;
}
