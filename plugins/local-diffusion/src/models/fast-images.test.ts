import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { openComponent } from '../checkpoint/component.js';
import type { Graph } from '../graph/graph.js';
import { withInt8Products } from '../graph/passes/int8-products.js';
import { vaeDecoderGraph, vaeEncoderGraph } from '../networks/autoencoder/vae.js';
import { generatePictures } from '../pipelines/generate-pictures.js';
import { TorchGenerator } from '../sampling/noise/torch-generator.js';
import { Network } from '../session/network.js';
import { NetworkMemory } from '../session/network-memory.js';
import type { Arithmetic } from './model-files.js';
import { openModel } from './open-model.js';
import type { OpenedModel } from './opened-model.js';

const path = fileURLToPath(new URL('../../../../models/picturebook', import.meta.url));
/** Planes go from -1 to 1. */
const range = 2;
/** In dB. Another processor rounds sums in float32 otherwise; what is wrong in int8 costs more than that. */
const margin = 6;

/** Measured deviations of fast from exact: `npm run bench:engine -- --only quality` prints such for more images. */
const measured = z
  .object({
    steps: z.int(),
    images: z.array(z.object({ prompt: z.string(), seed: z.int(), decibels: z.number() })).min(2),
    decoder: z.object({ smallestChannels: z.int(), decibels: z.number() }),
  })
  .parse(JSON.parse(await readFile(new URL('./fast-deviations.json', import.meta.url), 'utf8')));

const models: Partial<Record<Arithmetic, OpenedModel>> = {};
beforeAll(async () => {
  for (const arithmetic of ['exact', 'fast'] as const)
    models[arithmetic] = await openModel({ path, arithmetic }, { memory: new NetworkMemory({}) });
});
afterAll(async () => {
  for (const model of Object.values(models)) await model.release();
});

async function make(arithmetic: Arithmetic, prompt: string, seed: number): Promise<Float32Array> {
  const model = models[arithmetic]!;
  expect(model.arithmetic).toBe(arithmetic);
  expect(model.warnings).toEqual([]);
  const { planes } = await generatePictures(model, {
    ...{ prompts: [prompt], negativePrompts: undefined, inversions: [], clipSkip: 0 },
    ...{ width: 96, height: 96, steps: measured.steps, guidanceScale: 5, guidanceRescale: 0 },
    ...{ promptStyle: 'weighted', familyOptions: undefined },
    generators: [new TorchGenerator(seed)],
  });
  return planes;
}

/** Peak signal-to-noise ratio, in dB. */
function psnr(actual: Float32Array, expected: Float32Array): number {
  const squares = expected.reduce((sum, value, index) => sum + (value - actual[index]!) ** 2, 0);
  return 10 * Math.log10((range ** 2 * expected.length) / squares);
}

test.each(measured.images)(
  'fast makes nearly the image of exact: $prompt',
  async ({ prompt, seed, decibels }) => {
    const found = psnr(await make('fast', prompt, seed), await make('exact', prompt, seed));
    expect(Math.abs(found - decibels), `${found} dB`).toBeLessThan(margin);
  },
);

test('a decoder in int8 gives nearly the image of float32', async () => {
  const [{ prompt, seed } = { prompt: '', seed: 0 }] = measured.images;
  const component = await openComponent(join(path, 'vae'));
  const run = async (graph: Graph, input: string, data: Float32Array, shape: number[], output: string) => {
    const network = await Network.open(graph);
    const result = (await network.run({ [input]: { data, shape } }, [output]))[output]!;
    await network.release();
    return result;
  };
  const sample = await make('exact', prompt, seed);
  const parameters = await run(
    vaeEncoderGraph(component),
    'sample',
    sample,
    [1, 3, 96, 96],
    'latent_parameters',
  );
  const means = parameters.slice(0, parameters.length / 2);
  const decode = (graph: Graph) => run(graph, 'latent_sample', means, [1, 4, 12, 12], 'sample');
  const graph = vaeDecoderGraph(component);
  const { smallestChannels, decibels } = measured.decoder;
  const inInt8 = withInt8Products(graph, smallestChannels);
  const products = inInt8.nodes.filter(({ operator }) => operator === 'MatMulIntegerToFloat');
  expect(products.length).toBeGreaterThan(15);
  const found = psnr(await decode(inInt8), await decode(graph));
  expect(Math.abs(found - decibels), `${found} dB`).toBeLessThan(margin);
});

test('fast makes the same image each time', async () => {
  const [{ prompt, seed } = { prompt: '', seed: 0 }] = measured.images;
  expect(await make('fast', prompt, seed)).toEqual(await make('fast', prompt, seed));
});
