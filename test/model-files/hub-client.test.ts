import { mkdtempSync } from 'node:fs';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { patientFetch } from '@easel/plugin-sdk';
import { describe, expect, it, onTestFinished } from 'vitest';
import { installedPath } from '../../core/src/model-files/cache-folder.js';
import { HubClient } from '../../core/src/model-files/hub-client.js';
import { parseHubReference } from '../../core/src/model-files/hub-reference.js';
import { uninstall } from '../../core/src/model-files/uninstall.js';

const commits = ['a'.repeat(40), 'b'.repeat(40)] as const;
const repository = 'easel/two';

/** A cache with files by commit and path, contents by their text. */
async function cacheOf(files: readonly (readonly [string, string, string])[]): Promise<string> {
  const cache = mkdtempSync(join(tmpdir(), 'easel-cache-'));
  onTestFinished(() => rm(cache, { recursive: true, maxRetries: 10 }));
  const folder = join(cache, 'models--easel--two');
  await mkdir(join(folder, 'blobs'), { recursive: true });
  for (const [commit, path, text] of files) {
    await writeFile(join(folder, 'blobs', text), text);
    const name = join(folder, 'snapshots', commit, path);
    await mkdir(dirname(name), { recursive: true });
    await symlink(join(folder, 'blobs', text), name);
  }
  return cache;
}

describe('the token', () => {
  it.each([
    ['https://hub.example/b', true],
    ['http://hub.example/b', false],
    ['https://hub.example:8443/b', false],
    ['https://store.example/b', false],
  ])('is shown after a redirection to %s: %s', async (location, isShown) => {
    const shown: (string | null)[] = [];
    const fetch: typeof patientFetch = async (_, { headers } = {}) => {
      shown.push(new Headers(headers).get('authorization'));
      return shown.length === 1
        ? new Response(null, { status: 302, headers: { location } })
        : new Response('there');
    };
    const client = new HubClient(
      { endpoint: 'https://hub.example', token: 'hf_x', cacheFolder: '/none' },
      fetch,
    );
    await client.get('https://hub.example/a', {});
    expect(shown).toEqual(['Bearer hf_x', isShown ? 'Bearer hf_x' : null]);
  });
});

describe('the hub', () => {
  it('has an address', () => {
    expect(() => new HubClient({ endpoint: 'nowhere', token: undefined, cacheFolder: '/none' })).toThrow(
      /HF_ENDPOINT is not an address: nowhere/,
    );
  });

  it('that answers with a page is not a hub', async () => {
    const client = new HubClient(
      { endpoint: 'https://hub.example', token: undefined, cacheFolder: '/none' },
      async () => new Response('<html>Log in</html>'),
    );
    await expect(client.list(repository, 'main')).rejects.toMatchObject({
      code: 'ERR_PROVIDER_BAD_RESPONSE',
    });
  });

  it.each(['easel/two@../../x', 'easel/two:../x', 'easel/two@main:a//b'])('is not asked for %s', (text) => {
    expect(() => parseHubReference(text)).toThrow(/no path inside/);
  });
});

describe('what is in the cache', () => {
  it('is a model only where all its parts are', async () => {
    const index = JSON.stringify({
      _class_name: 'X',
      unet: ['diffusers', 'Y'],
      safety_checker: [null, null],
    });
    const source = { type: 'hub', repository, revision: commits[0] } as const;
    const partly = await cacheOf([[commits[0], 'model_index.json', index]]);
    expect(installedPath(source, partly)).toBeUndefined();
    const whole = await cacheOf([
      [commits[0], 'model_index.json', index],
      [commits[0], 'unet/model.safetensors', 'weights'],
    ]);
    expect(installedPath(source, whole)).toBeDefined();
    await rm(join(whole, 'models--easel--two', 'blobs', 'weights'));
    expect(installedPath(source, whole)).toBeUndefined();
  });

  it('stays for whoever else has the same contents', async () => {
    const file = 'one.safetensors';
    const cache = await cacheOf([
      [commits[0], file, 'same'],
      [commits[1], file, 'same'],
    ]);
    const sources = commits.map((revision) => ({ type: 'hub', repository, revision, file }) as const);
    await uninstall(sources[0]!, cache);
    expect(installedPath(sources[0]!, cache)).toBeUndefined();
    expect(installedPath(sources[1]!, cache)).toBeDefined();
  });
});
