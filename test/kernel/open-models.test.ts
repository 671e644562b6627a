import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createImageServiceManager } from '@easel/core';
import { expect, it, onTestFinished } from 'vitest';
import { emulatedKey, OpenAiEmulator } from '../../plugins/openai/src/emulator/index.js';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

it('a model that is in no catalogue is asked for by its type and its provider’s id', async () => {
  const emulator = await OpenAiEmulator.start();
  const storageFolder = await mkdtemp(join(tmpdir(), 'easel-open-models-'));
  const manager = createImageServiceManager({
    bundled: false,
    environment: { OPENAI_API_KEY: emulatedKey },
    configuration: {
      storageFolder,
      catalogueFolders: [path('../fixtures/money-catalogue')],
      pluginFolders: [path('../../plugins')],
      plugins: { openai: { options: { servers: { openai: { like: 'openai', baseUrl: emulator.url } } } } },
    },
  });
  onTestFinished(async () => {
    await manager.close();
    await emulator.close();
    await rm(storageFolder, { recursive: true, force: true });
  });
  const request = { prompt: 'a boat', model: 'openai:gpt-image-2' };
  const { images, provenance, warnings } = await manager.generateImage(request);
  expect([images.length, provenance.model, provenance.plugin.id]).toEqual([
    1,
    'openai:gpt-image-2',
    'openai',
  ]);
  expect(warnings.map(({ message }) => message)).toContain(
    '"openai:gpt-image-2" is in no catalogue: what it can do is not known, and was not checked.',
  );
  // A job keeps the model as it was.
  const fixed = await manager.fixRequest(request);
  expect(fixed.model.source).toEqual({ type: 'provider', id: 'gpt-image-2' });
  await expect(manager.generateImage({ ...request, model: 'sdxl:anything' })).rejects.toMatchObject({
    code: 'ERR_MODEL_UNKNOWN',
  });
});
