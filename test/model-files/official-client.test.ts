import { readFile } from 'node:fs/promises';
import { downloadFile, downloadFileToCacheDir, fileDownloadInfo } from '@huggingface/hub';
import { expect, it, onTestFinished } from 'vitest';
import { HubEmulator, hubToken } from './hub/index.js';
import { createRepository } from './hub/repository.js';
import { modelContents, openWorld, unetFile } from './world.js';

/**
 * The hub's own client, unchanged: what it fetches from the emulator is what lies there, and its cache is
 * ours.
 */
const name = 'easel/Picturebook';
const repository = createRepository(name, await modelContents(), { access: 'gated' });

it('is understood by the emulator', async () => {
  const hub = await HubEmulator.start([repository]);
  onTestFinished(() => hub.close());
  const request = { repo: name, hubUrl: hub.url, accessToken: hubToken };
  for (const path of ['model_index.json', unetFile]) {
    const stored = repository.files.get(path)!;
    const info = await fileDownloadInfo({ ...request, path });
    expect(info).toMatchObject({ size: stored.bytes.length });
    expect(info?.etag).toContain(stored.isLarge ? stored.sha256 : stored.blobId);
    const blob = await downloadFile({ ...request, path });
    expect(stored.bytes.equals(Buffer.from(await blob!.arrayBuffer()))).toBe(true);
  }
  expect(await downloadFile({ ...request, path: 'absent.txt' })).toBeNull();
  await expect(downloadFile({ ...request, accessToken: 'hf_wrong', path: unetFile })).rejects.toThrow();
});

it('finds in the cache what was installed', async () => {
  const { hub, cache, easel } = await openWorld([repository]);
  await easel(['models', 'install', name], { HF_TOKEN: hubToken });
  const before = hub.seen.length;
  const path = await downloadFileToCacheDir({
    ...{ repo: name, path: unetFile, revision: repository.commit, cacheDir: cache },
    ...{ hubUrl: hub.url, accessToken: hubToken },
  });
  expect(repository.files.get(unetFile)!.bytes.equals(await readFile(path))).toBe(true);
  expect(hub.seen.length).toBe(before);
});
