import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createImageServiceManager } from '@easel/core';
import { isPictureOf } from '@easel/plugin-sdk/emulator';
import { expect, it, onTestFinished } from 'vitest';
import { emulatedKey as falKey, startFalEmulator } from '../../plugins/fal/src/emulator/index.js';
import { emulatedKey, OpenAiEmulator } from '../../plugins/openai/src/emulator/index.js';
import {
  emulatedKey as replicateKey,
  startReplicateEmulator,
} from '../../plugins/replicate/src/emulator/index.js';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

it('a model that is in no catalogue is asked for by its type and its provider’s id', async () => {
  const emulator = await OpenAiEmulator.start();
  const fal = await startFalEmulator();
  const replicate = await startReplicateEmulator();
  const fast = { allowPrivateAddresses: true, firstPollMs: 20 };
  const storageFolder = await mkdtemp(join(tmpdir(), 'easel-open-models-'));
  const manager = createImageServiceManager({
    bundled: false,
    environment: { OPENAI_API_KEY: emulatedKey, FAL_KEY: falKey, REPLICATE_API_TOKEN: replicateKey },
    configuration: {
      storageFolder,
      catalogueFolders: [path('../fixtures/money-catalogue')],
      pluginFolders: [path('../../plugins')],
      plugins: {
        openai: { options: { servers: { openai: { like: 'openai', baseUrl: emulator.url } } } },
        fal: { options: { baseUrl: fal.url, ...fast } },
        replicate: { options: { baseUrl: `${replicate.url}/v1`, ...fast } },
      },
    },
  });
  onTestFinished(async () => {
    await manager.close();
    await Promise.all([emulator, fal, replicate].map((each) => each.close()));
    await rm(storageFolder, { recursive: true, force: true, maxRetries: 10 });
  });
  const request = { prompt: 'a boat', model: 'openai:gpt-image-2' };
  const models = {
    openai: 'openai:gpt-image-2',
    fal: 'fal:fal-ai/flux/schnell',
    replicate: 'replicate:black-forest-labs/flux-schnell',
  };
  for (const [plugin, model] of Object.entries(models)) {
    const { images, provenance, warnings } = await manager.generateImage({ ...request, model });
    expect([images.length, provenance.model, provenance.plugin.id]).toEqual([1, model, plugin]);
    expect(await isPictureOf(images[0]!.bytes, 'a boat')).toBe(true);
    expect(warnings.map(({ message }) => message)).toContain(
      `"${model}" is in no catalogue: what it can do is not known, and was not checked.`,
    );
  }
  // The fields of such a model are not known either: what is not named is not sent.
  const sent = [fal, replicate].flatMap((each) => each.seen('POST', /./)).map(({ json }) => json);
  expect(sent).toEqual([{ prompt: 'a boat' }, { input: { prompt: 'a boat' } }]);
  // A job keeps the model as it was.
  const fixed = await manager.fixRequest(request);
  expect(fixed.model.source).toEqual({ type: 'provider', id: 'gpt-image-2' });
  await expect(manager.generateImage({ ...request, model: 'sdxl:anything' })).rejects.toMatchObject({
    code: 'ERR_MODEL_UNKNOWN',
  });
});
