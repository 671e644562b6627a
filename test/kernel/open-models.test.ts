import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createImageServiceManager, type ImageServiceManager } from '@easel/core';
import { isPictureOf } from '@easel/plugin-sdk/emulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emulatedKey as bflKey, startBflEmulator } from '../../plugins/bfl/src/emulator/index.js';
import { emulatedKey as falKey, startFalEmulator } from '../../plugins/fal/src/emulator/index.js';
import { geminiKey, startGeminiEmulator } from '../../plugins/gemini/src/emulator/index.js';
import { emulatedKey, OpenAiEmulator } from '../../plugins/openai/src/emulator/index.js';
import {
  emulatedKey as replicateKey,
  startReplicateEmulator,
} from '../../plugins/replicate/src/emulator/index.js';
import { runwareKey, startRunwareEmulator } from '../../plugins/runware/src/emulator/index.js';
import { SdapiEmulator } from '../../plugins/sdapi/src/emulator/index.js';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** By plugin: a model that no catalogue has, and one that its provider has not. */
const models = {
  openai: ['openai:gpt-image-9', undefined],
  fal: ['fal:fal-ai/flux/schnell', 'fal:nobody/nothing'],
  replicate: ['replicate:black-forest-labs/flux-schnell', 'replicate:nobody/nothing'],
  runware: ['runware:somebody:12345@1', undefined],
  gemini: ['gemini:gemini-nano-banana-2.1', 'gemini:gemini-9-image'],
  bfl: ['bfl:flux-2-flex', 'bfl:flux-9-pro'],
  sdapi: ['sdapi:second', 'sdapi:nothing'],
} as const;

const said = (model: string) =>
  `"${model}" is in no catalogue: what it can do is not known, and was not checked.`;

describe('a model that is in no catalogue', () => {
  let manager: ImageServiceManager;
  let close: () => Promise<void>;
  let fal: Awaited<ReturnType<typeof startFalEmulator>>;
  let replicate: typeof fal;

  beforeAll(async () => {
    const openai = await OpenAiEmulator.start();
    const runware = await startRunwareEmulator();
    const gemini = await startGeminiEmulator();
    const bfl = await startBflEmulator();
    const sdapi = await SdapiEmulator.start();
    fal = await startFalEmulator();
    replicate = await startReplicateEmulator();
    const fast = { allowPrivateAddresses: true, firstPollMs: 20 };
    const storageFolder = await mkdtemp(join(tmpdir(), 'easel-open-models-'));
    manager = createImageServiceManager({
      bundled: false,
      environment: {
        OPENAI_API_KEY: emulatedKey,
        FAL_KEY: falKey,
        REPLICATE_API_TOKEN: replicateKey,
        RUNWARE_API_KEY: runwareKey,
        GEMINI_API_KEY: geminiKey,
        BFL_API_KEY: bflKey,
      },
      configuration: {
        storageFolder,
        catalogueFolders: [path('../fixtures/money-catalogue')],
        pluginFolders: [path('../../plugins')],
        plugins: {
          openai: { options: { servers: { openai: { like: 'openai', baseUrl: openai.url } } } },
          fal: { options: { baseUrl: fal.url, ...fast } },
          replicate: { options: { baseUrl: `${replicate.url}/v1`, ...fast } },
          runware: {
            options: { webSocketUrl: runware.url, httpUrl: runware.httpUrl, allowPrivateAddresses: true },
          },
          gemini: { options: { baseUrl: gemini.url } },
          bfl: { options: { baseUrl: `${bfl.url}/v1`, ...fast } },
          sdapi: { options: { baseUrl: sdapi.url } },
        },
      },
    });
    close = async () => {
      await manager.close();
      const emulators = [openai, runware, gemini, bfl, sdapi, fal, replicate];
      await Promise.all(emulators.map((each) => each.close()));
      await rm(storageFolder, { recursive: true, force: true, maxRetries: 10 });
    };
  });
  afterAll(() => close());

  it.each(Object.entries(models))('is asked for by its type and its id at %s', async (plugin, [model]) => {
    const { images, provenance, warnings } = await manager.generateImage({ prompt: 'a boat', model });
    expect([images.length, provenance.model, provenance.plugin.id]).toEqual([1, model, plugin]);
    expect(await isPictureOf(images[0]!.bytes, 'a boat')).toBe(true);
    expect(warnings.map(({ message }) => message)).toContain(said(model));
  });

  it.each(
    Object.entries(models).flatMap(([plugin, [, model]]) => (model === undefined ? [] : [[plugin, model]])),
  )('is refused by %s itself where that has not got it, as nothing that may be paid', async (_, model) => {
    const failure = await manager.generateImage({ prompt: 'a boat', model }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: expect.stringMatching(/^ERR_(MODEL_UNKNOWN|REQUEST_INVALID)$/) });
    expect(failure).not.toMatchObject({ mayBePaid: true });
  });

  it('is sent what is named, where its fields are not known either', async () => {
    const sent = [fal, replicate].map((each) => each.seen('POST', /schnell/).map(({ json }) => json));
    expect(sent).toEqual([[{ prompt: 'a boat' }], [{ input: { prompt: 'a boat' } }]]);
  });

  it('is kept by a job as it was', async () => {
    const fixed = await manager.fixRequest({ prompt: 'a boat', model: 'openai:gpt-image-9' });
    expect(fixed.model.source).toEqual({ type: 'provider', id: 'gpt-image-9' });
  });

  it.each([
    'sdxl:anything',
    'stability:ultra',
    'comfyui:some-workflow',
    'parasail:any/model',
    'nothing:at-all',
  ])('is unknown where nobody takes such models: %s', async (model) => {
    await expect(manager.generateImage({ prompt: 'a boat', model })).rejects.toMatchObject({
      code: 'ERR_MODEL_UNKNOWN',
    });
  });
});
