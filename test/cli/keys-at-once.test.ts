import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { easel, start, workingFolder } from './easel.js';

const listed = async (folder: string): Promise<{ id: string; name: string }[]> =>
  JSON.parse((await easel(folder, ['keys', 'list', '--json'])).stdout).keys;

it('keys that several processes make and revoke at once are all there, and gone, afterwards', async () => {
  const folder = workingFolder({ storageFolder: 'kept' });
  await easel(folder, ['keys', 'create', 'to be revoked']);
  const [revoked] = await listed(folder);
  const names = Array.from({ length: 6 }, (_, index) => `key ${index}`);
  const creations = names.map((name) => start(folder, ['keys', 'create', name]).ended);
  const revocation = start(folder, ['keys', 'revoke', revoked?.id ?? '']).ended;
  for (const { status, stderr } of await Promise.all([...creations, revocation]))
    expect(status, stderr).toBe(0);
  expect((await listed(folder)).map(({ name }) => name).sort()).toEqual(names);
  expect(readdirSync(join(folder, 'kept')).sort()).toEqual(['keys-required', 'keys.json']);
});
