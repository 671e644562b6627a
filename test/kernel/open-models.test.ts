import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { manifestSchema } from '@easel/plugin-sdk';
import { isPictureOf } from '@easel/plugin-sdk/emulator';
import { afterAll, describe, expect, it } from 'vitest';
import { openEveryProvider } from '../providers/every-provider.js';

interface Tried {
  /** A model that no catalogue has. */
  readonly open: string;
  /** One that its provider has not. Absent: its emulator takes every name. */
  readonly missing?: string;
  /** A model of the catalogue, and its name as one that is in none. */
  readonly listed: string;
  readonly sameAsOpen: string;
}

/** By plugin: all whose manifest says that it takes such models. */
const models: Readonly<Record<string, Tried>> = {
  openai: {
    ...{ open: 'openai:gpt-image-9', listed: 'gpt-image-2', sameAsOpen: 'openai:gpt-image-2' },
  },
  fal: {
    ...{ open: 'fal:fal-ai/flux/schnell', missing: 'fal:nobody/nothing' },
    ...{ listed: 'fal-flux-dev', sameAsOpen: 'fal:fal-ai/flux/dev' },
  },
  replicate: {
    ...{ open: 'replicate:black-forest-labs/flux-schnell', missing: 'replicate:nobody/nothing' },
    ...{ listed: 'replicate-flux-2-pro', sameAsOpen: 'replicate:black-forest-labs/flux-2-pro' },
  },
  runware: {
    ...{ open: 'runware:somebody:12345@1', listed: 'runware-flux-dev' },
    sameAsOpen: 'runware:runware:101@1',
  },
  gemini: {
    ...{ open: 'gemini:gemini-nano-banana-2.1', missing: 'gemini:gemini-9-image' },
    ...{ listed: 'gemini-3.1-flash-image', sameAsOpen: 'gemini:gemini-3.1-flash-image' },
  },
  bfl: {
    ...{ open: 'bfl:flux-2-flex', missing: 'bfl:flux-9-pro' },
    ...{ listed: 'bfl-flux-2-pro', sameAsOpen: 'bfl:flux-2-pro' },
  },
  sdapi: {
    ...{ open: 'sdapi:second', missing: 'sdapi:nothing' },
    ...{ listed: 'sdapi-second', sameAsOpen: 'sdapi:second' },
  },
};
const plugins = Object.entries(models);
const size = { width: 128, height: 128 };

const said = (model: string) =>
  `"${model}" is in no catalogue: what it can do is not known, and was not checked.`;

const manifestOf = (plugin: string) => {
  const path = fileURLToPath(new URL(`../../plugins/${plugin}/plugin.json`, import.meta.url));
  return manifestSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
};

// One kernel for all of them.
const every = await openEveryProvider(['test/fixtures/server-catalogue']);
const { manager } = every;
afterAll(() => every.close());

describe('a model that is in no catalogue', () => {
  it('is tried at every plugin that takes such models', () => {
    const { plugins: known } = manager.getServiceHealth();
    const takers = known.filter(({ id }) => manifestOf(id).handles.some(({ anyModel }) => anyModel));
    expect(takers.map(({ id }) => id).sort()).toEqual(Object.keys(models).sort());
  });

  it.each(plugins)('is asked for by its type and its id at %s', async (plugin, { open: model }) => {
    const { images, provenance, warnings } = await manager.generateImage({ prompt: 'a boat', model });
    expect([images.length, provenance.model, provenance.plugin.id]).toEqual([1, model, plugin]);
    expect(await isPictureOf(images[0]!.bytes, 'a boat')).toBe(true);
    expect(warnings.map(({ message }) => message)).toContain(said(model));
  });

  it.each(plugins)(
    'is asked of %s for more than the catalogue allows the same model',
    async (_, { listed, sameAsOpen }) => {
      const found = manager.getAvailableModels().find(({ id }) => id === listed);
      const n = (found?.supports.images ?? 0) + 1;
      const request = { prompt: 'a boat', ...size, n };
      const refusal = await manager
        .generateImage({ ...request, ...edgesOf(found), model: listed })
        .catch((error: unknown) => error);
      expect(refusal).toMatchObject({ code: 'ERR_REQUEST_INVALID', field: 'n' });
      const { images, warnings } = await manager.generateImage({ ...request, model: sameAsOpen });
      expect(images).toHaveLength(n);
      expect(warnings.map(({ message }) => message)).toContain(said(sameAsOpen));
    },
  );

  it.each(plugins.flatMap(([plugin, { missing }]) => (missing === undefined ? [] : [[plugin, missing]])))(
    'is refused by %s itself where that has not got it, as nothing that may be paid',
    async (_, model) => {
      const failure = await manager.generateImage({ prompt: 'a boat', model }).catch((error) => error);
      expect(failure).toMatchObject({ code: expect.stringMatching(/^ERR_(MODEL_UNKNOWN|REQUEST_INVALID)$/) });
      expect(failure).not.toMatchObject({ mayBePaid: true });
    },
  );

  it.each(plugins)(
    'gets what %s has for no model left out, with a warning',
    async (plugin, { open: model }) => {
      const tuning = { negativePrompt: 'fog', seed: 7, sampler: 'Euler' };
      const names = { 'negative-prompt': 'negativePrompt', seed: 'seed', sampler: 'sampler' };
      const cannot = manifestOf(plugin).handles.flatMap((handled) => handled.cannot);
      const dropped = Object.entries(names).flatMap(([ability, name]) =>
        cannot.some((each) => each === ability) ? [name] : [],
      );
      const { warnings } = await manager.generateImage({ prompt: 'a boat', ...size, ...tuning, model });
      const told = warnings.map(({ parameter }) => parameter);
      expect(told).toEqual(expect.arrayContaining(dropped));
    },
  );

  it('is sent what is named, where its fields are not known either', async () => {
    every.forget();
    for (const model of [models.fal?.open, models.replicate?.open])
      await manager.generateImage({ prompt: 'a kite', model });
    const [fal, replicate] = every.wire();
    expect(fal).toMatch(/flux\/schnell .*\{"prompt":"a kite"\}$/);
    expect(replicate).toMatch(/flux-schnell.*\{"input":\{"prompt":"a kite"\}\}$/);
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

type Found = ReturnType<typeof manager.getAvailableModels>[number] | undefined;

/** A size that the model of the catalogue takes. */
const edgesOf = (found: Found) => ({ width: found?.defaults.width, height: found?.defaults.height });
