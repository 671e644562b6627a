import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generationRequestSchema, type ManifestInput } from '@easel/plugin-sdk';
import { describe, expect, onTestFinished, test } from 'vitest';
import { toy } from '../../../../test/fixtures/families/toy/index.js';
import { openModel } from '../models/open-model.js';
import { optionsSchemaOf } from '../options.js';
import { generatePictures } from '../pipelines/generate-pictures.js';
import { TorchGenerator } from '../sampling/noise/torch-generator.js';
import { NetworkMemory } from '../session/network-memory.js';
import { toEngineCall } from '../to-engine-call.js';
import { families } from './index.js';

const bundled = fileURLToPath(new URL('../../../../models/picturebook', import.meta.url));

test('plugin.json handles what the list of families says', async () => {
  const text = await readFile(new URL('../../plugin.json', import.meta.url), 'utf8');
  const manifest = JSON.parse(text) as ManifestInput;
  const handles = manifest.handles.map(({ type, models }) => ({ type, models }));
  expect(handles).toEqual(families.map(({ type, models }) => ({ type, models })));
});

test('each family says of itself what fits together', () => {
  for (const { components, denoiser, type } of families) expect(components, type).toHaveProperty(denoiser);
  const schemas = new Map<string, unknown>();
  for (const [name, schema] of families.flatMap(({ options }) => Object.entries(options))) {
    // What several families read is one option.
    expect(schemas.get(name) ?? schema, name).toBe(schema);
    schemas.set(name, schema);
  }
  const classes = families.flatMap(({ models }) => models.pipelineClasses);
  expect(classes).toHaveLength(new Set(classes).size);
});

describe('a family that is added to the list', () => {
  const all = [...families, toy];

  /** The bundled model's networks under the names of the toy's components. */
  async function createToyModel(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'easel-toy-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const folders = { text_encoder: 'words', tokenizer: 'words_tokenizer', unet: 'painter', vae: 'vae' };
    for (const [from, to] of Object.entries({ ...folders, scheduler: 'scheduler' }))
      await cp(join(bundled, from), join(folder, to), { recursive: true });
    await writeFile(join(folder, 'model_index.json'), JSON.stringify({ _class_name: 'ToyPipeline' }));
    return folder;
  }

  const callOf = (path: string, options: Record<string, unknown>) => {
    const { defaults, supports } = toy.models;
    const source = { type: 'folder', path };
    const request = generationRequestSchema.parse({
      model: { id: 'toy', name: 'Toy', pipelineType: 'toy', source, defaults, supports },
      ...{ prompt: 'a yellow star', width: 96, height: 96, n: 1, seed: 7, outputFormat: 'png' },
      ...{ inputImages: [], options: {} },
    });
    return toEngineCall(request, optionsSchemaOf(all).parse(options), all);
  };

  test('makes an image, with its own defaults, option and conditioning', async () => {
    const path = await createToyModel();
    const model = await openModel({ path }, { families: all, memory: new NetworkMemory({ threads: 1 }) });
    onTestFinished(() => model.release());
    const paint = async (options: Record<string, unknown>) => {
      const { prompt, seeds, negativePrompt: _, source: __, controls: ___, ...call } = callOf(path, options);
      const generators = seeds.map((seed) => new TorchGenerator(seed));
      const { planes } = await generatePictures(model, {
        ...call,
        prompts: [prompt],
        negativePrompts: undefined,
        generators,
      });
      return planes;
    };
    const plain = await paint({});
    expect(plain).toHaveLength(3 * 96 * 96);
    expect(plain.every(Number.isFinite)).toBe(true);
    expect(new Set(plain).size).toBeGreaterThan(1000);
    expect(await paint({})).toEqual(plain);
    expect(await paint({ mood: 'at night' })).not.toEqual(plain);
  });

  test('has its defaults, and refuses its options where it is not in the list', () => {
    expect(callOf('/models/toy', {})).toMatchObject({ steps: 4, guidanceScale: 1, warnings: [] });
    expect(callOf('/models/toy', { secondPrompt: 'a moon' }).warnings).toEqual([
      expect.stringContaining('secondPrompt had no effect'),
    ]);
    expect(() => optionsSchemaOf(families).parse({ mood: 'calm' })).toThrow(/mood/);
  });

  test('takes no LoRAs where it names no targets for them, and is unknown without the list', async () => {
    const path = await createToyModel();
    const own = openModel({ path, loras: ['/a.safetensors'] }, { families: all });
    await expect(own).rejects.toThrow(/Toy takes no LoRAs/);
    await expect(openModel({ path })).rejects.toThrow(/is of a ToyPipeline, which this engine cannot run/);
  });
});
