import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createImageServiceManager } from '@easel/core';
import { describe, expect, it, onTestFinished } from 'vitest';

const name = 'RUNWARE_API_KEY';

async function writeSecrets(text: string, mode = 0o600): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'easel-secrets-'));
  onTestFinished(() => rm(folder, { recursive: true, maxRetries: 10 }));
  await writeFile(join(folder, 'secrets.json'), text);
  await chmod(join(folder, 'secrets.json'), mode);
  return folder;
}

/** Whether the plugin has its key, where the secrets file is in the storage folder or named. */
async function isConfigured(options: {
  storageFolder: string;
  secretsFile?: string;
  environment?: Record<string, string>;
}): Promise<boolean> {
  const { environment, ...configuration } = options;
  const manager = createImageServiceManager({
    configuration: { ...configuration, pluginFolders: [], catalogueFolders: [] },
    ...(environment && { environment }),
  });
  const plugin = manager.getServiceHealth().plugins.find(({ id }) => id === 'runware');
  await manager.close();
  return plugin!.configured;
}

describe('the secrets file', () => {
  it('gives plugins the keys that they name', async () => {
    const storageFolder = await writeSecrets(JSON.stringify({ [name]: 'canary-key' }));
    expect(await isConfigured({ storageFolder })).toBe(true);
    expect(await isConfigured({ storageFolder: join(storageFolder, 'elsewhere') })).toBe(false);
  });

  it('is not read for a host with an environment of its own, unless it is named', async () => {
    const storageFolder = await writeSecrets(JSON.stringify({ [name]: 'canary-key' }));
    const secretsFile = join(storageFolder, 'secrets.json');
    expect(await isConfigured({ storageFolder, environment: {} })).toBe(false);
    expect(await isConfigured({ storageFolder, secretsFile, environment: {} })).toBe(true);
  });

  it.each([
    ['others may read', '{}', 0o640, /may be read by others \(its mode is 640\).*/, /chmod 600/],
    ['is not JSON', '{"K": canary-key', 0o600, /is not a JSON object of strings/, /names and values/],
    [
      'has other values',
      '{"K": ["canary-key"]}',
      0o600,
      /is not a JSON object of strings/,
      /names and values/,
    ],
  ])('that %s is refused, without a word of it', async (_, text, mode, message, hint) => {
    const storageFolder = await writeSecrets(text, mode);
    const error = await isConfigured({ storageFolder }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'ERR_CONFIG_INVALID',
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    });
    expect(String(error)).not.toContain('canary');
  });

  it('that is named and not there is refused', async () => {
    const storageFolder = await writeSecrets('{}');
    const secretsFile = join(storageFolder, 'absent.json');
    await expect(isConfigured({ storageFolder, secretsFile })).rejects.toMatchObject({
      code: 'ERR_CONFIG_INVALID',
      message: expect.stringContaining('absent.json cannot be read (ENOENT)'),
    });
  });
});
