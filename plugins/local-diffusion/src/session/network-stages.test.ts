import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { openComponent } from '../checkpoint/component.js';
import type { Graph } from '../graph/graph.js';
import { cutIntoStages } from '../graph/passes/stages.js';
import { countWeights } from '../graph/passes/stored-weights.js';
import { vaeDecoderGraph } from '../networks/autoencoder/vae.js';
import { clipTextGraph } from '../networks/clip/clip-text.js';
import { unetGraph } from '../networks/unet/unet.js';
import { onProcessor } from './execution-choice.js';
import type { Feed } from './network.js';
import { NetworkMemory } from './network-memory.js';
import { NetworkStages } from './network-stages.js';
import { spreadNumbers } from './self-test-cases.js';
import { StoredNetwork } from './stored-network.js';

const bundled = (name: string) =>
  openComponent(fileURLToPath(new URL(`../../../../models/picturebook/${name}`, import.meta.url)));
const noise = (...shape: number[]): Feed => ({
  data: spreadNumbers(shape.reduce((one, other) => one * other)),
  shape,
});

const networks: Record<
  string,
  { graphOf: () => Promise<Graph>; feeds: Record<string, Feed>; outputs: readonly string[] }
> = {
  'a denoising network': {
    graphOf: async () => unetGraph(await bundled('unet')),
    feeds: {
      sample: noise(2, 4, 13, 12),
      timestep: { data: Float32Array.of(500), shape: [1] },
      encoder_hidden_states: noise(2, 7, 128),
    },
    outputs: ['out_sample'],
  },
  'a text encoder, with states of the first stage': {
    graphOf: async () => clipTextGraph(await bundled('text_encoder'), { hiddenStates: true }),
    feeds: { input_ids: { data: BigInt64Array.of(925n, 5n, 800n, 926n), shape: [1, 4] } },
    outputs: ['last_hidden_state', 'hidden_states.0', 'pooler_output'],
  },
  'a decoder': {
    graphOf: async () => vaeDecoderGraph(await bundled('vae')),
    feeds: { latent_sample: noise(1, 4, 6, 6) },
    outputs: ['sample'],
  },
};

describe.each(Object.entries(networks))('%s in stages', (_, { graphOf, feeds, outputs }) => {
  test.each([2, 5])('gives the numbers of the whole when it is cut into %d', async (count) => {
    const graph = await graphOf();
    const { weightBytes } = new NetworkStages(graph, new NetworkMemory({}), 'float32');
    const networkBytes = Math.ceil((1.02 * weightBytes) / count);
    // The budget holds one stage and what it works with, not two.
    let openings = 0;
    const onOpening = () => {
      openings += 1;
    };
    const budget = { maximumBytes: networkBytes, networkBytes, onOpening };
    const memory = new NetworkMemory({ threads: 1 }, budget);
    const stages = new NetworkStages(graph, memory, 'float32');
    expect(stages.count).toBeGreaterThanOrEqual(count);
    expect(stages.count).toBeLessThanOrEqual(count + 3);
    const whole = new StoredNetwork(graph, new NetworkMemory({ threads: 1 }), {});
    const expected = await whole.run(feeds, outputs);
    for (let round = 0; round < 2; round += 1) {
      const actual = await stages.run(feeds, outputs);
      for (const name of outputs) {
        const largest = Math.max(...expected[name]!.map(Math.abs));
        const errors = expected[name]!.map((value, index) => Math.abs(value - actual[name]![index]!));
        expect(actual[name]).toHaveLength(expected[name]!.length);
        expect(Math.max(...errors) / largest).toBeLessThan(1e-6);
      }
    }
    expect(openings).toBe(2 * stages.count);
    await stages.close();
    await whole.release();
  });
});

describe('cutting', () => {
  test('leaves a graph that does not weigh more in one piece', async () => {
    const graph = await networks['a decoder']!.graphOf();
    expect(cutIntoStages(graph, countWeights(graph).held)).toEqual([graph]);
  });

  test('keeps every node once, and every stage under its limit', async () => {
    const graph = await networks['a denoising network']!.graphOf();
    const limit = countWeights(graph).held / 3.5;
    const stages = cutIntoStages(graph, limit);
    expect(stages.flatMap(({ nodes }) => nodes)).toEqual(graph.nodes);
    for (const stage of stages) expect(countWeights(stage).held).toBeLessThanOrEqual(limit);
  });
});

test('a network that is larger than the budget is run in stages, in float16 too', async () => {
  const { graphOf, feeds, outputs } = networks['a denoising network']!;
  const graph = await graphOf();
  const networkBytes = countWeights(graph).held / 3;
  const execution = { ...onProcessor, precision: 'float16' } as const;
  const memory = new NetworkMemory({ execution }, { maximumBytes: networkBytes, networkBytes });
  const network = new StoredNetwork(graph, memory, {});
  const whole = new StoredNetwork(graph, new NetworkMemory({ execution }), {});
  const [actual, expected] = [await network.run(feeds, outputs), await whole.run(feeds, outputs)];
  const [one, other] = [actual.out_sample!, expected.out_sample!];
  const largest = Math.max(...other.map(Math.abs));
  expect(Math.max(...other.map((value, index) => Math.abs(value - one[index]!))) / largest).toBeLessThan(
    2e-3,
  );
  await network.release();
  await whole.release();
});
