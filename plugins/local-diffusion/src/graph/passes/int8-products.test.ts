import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { openComponent } from '../../checkpoint/component.js';
import { unetGraph } from '../../networks/unet/unet.js';
import { type Feed, Network } from '../../session/network.js';
import { NetworkMemory } from '../../session/network-memory.js';
import { NetworkStages } from '../../session/network-stages.js';
import { spreadNumbers } from '../../session/self-test-cases.js';
import { GraphBuilder } from '../builder.js';
import { elementsIn, type Graph } from '../graph.js';
import { sizesIn } from '../work-bytes.js';
import { withInt8Products } from './int8-products.js';
import { cutIntoStages } from './stages.js';

const noise = (...shape: number[]): Feed => ({
  data: spreadNumbers(shape.reduce((one, other) => one * other)),
  shape,
});
const unet = async () =>
  unetGraph(
    await openComponent(fileURLToPath(new URL('../../../../../models/picturebook/unet', import.meta.url))),
  );
const feeds = {
  sample: noise(2, 4, 12, 12),
  timestep: { data: Float32Array.of(500), shape: [1] },
  encoder_hidden_states: noise(2, 7, 128),
};

async function run(graph: Graph, fed: Record<string, Feed>, output: string): Promise<Float32Array> {
  const network = await Network.open(graph);
  try {
    return (await network.run(fed, [output]))[output]!;
  } finally {
    await network.release();
  }
}

/** Root mean square of the difference, by that of what is expected. */
function deviation(actual: Float32Array, expected: Float32Array): number {
  expect(actual).toHaveLength(expected.length);
  const squares = (value: (index: number) => number) =>
    expected.reduce((sum, _, index) => sum + value(index) ** 2, 0);
  return Math.sqrt(
    squares((index) => actual[index]! - expected[index]!) / squares((index) => expected[index]!),
  );
}

describe('a denoising network with int8 products', () => {
  test('gives nearly what it gives in float32', async () => {
    const graph = await unet();
    const exact = await run(graph, feeds, 'out_sample');
    const fast = await run(withInt8Products(graph), feeds, 'out_sample');
    const relative = deviation(fast, exact);
    expect(relative).toBeGreaterThan(0);
    // Measured: 0.018; 0.010 of the linear layers alone.
    expect(relative).toBeLessThan(0.03);
  });

  test('gives the same for an image, whatever its batch holds', async () => {
    const graph = withInt8Products(await unet());
    const both = await run(graph, feeds, 'out_sample');
    const first = (feed: Feed, size: number): Feed => ({
      data: feed.data.slice(0, size),
      shape: [1, ...feed.shape.slice(1)],
    });
    const alone = await run(
      graph,
      {
        ...feeds,
        sample: first(feeds.sample, 4 * 12 * 12),
        encoder_hidden_states: first(feeds.encoder_hidden_states, 7 * 128),
      },
      'out_sample',
    );
    expect(deviation(alone, both.slice(0, alone.length))).toBeLessThan(1e-4);
  });

  test('keeps the layers at both ends, those of a timestep, and the shapes of all', async () => {
    const graph = await unet();
    const changed = withInt8Products(graph);
    const products = changed.nodes.filter(({ operator }) => operator === 'MatMulIntegerToFloat');
    expect(products.length).toBeGreaterThan(20);
    const kept = changed.nodes.filter(({ operator }) => operator === 'Gemm').map(({ inputs }) => inputs[1]!);
    expect(kept.filter((name) => /time_emb/.test(name)).length).toBeGreaterThan(2);
    // Keys and values of the prompt are the first layers that read it.
    expect(kept.every((name) => /time_emb|attn2\.to_[kv]/.test(name))).toBe(true);
    const convolutions = changed.nodes.filter(({ operator, inputs }) => {
      const [count = 0, channels = 0] =
        graph.initializers.find(({ name }) => name === inputs[1])?.shape ?? [];
      return operator === 'Conv' && Math.min(count, channels) >= 128;
    });
    expect(convolutions.map(({ inputs }) => inputs[1])).toEqual(['down_blocks.1.downsamplers.0.conv.weight']);
    const untyped = changed.nodes.flatMap(({ outputs }) =>
      outputs.filter((name) => !changed.values.has(name)),
    );
    expect(untyped).toEqual([]);
  });

  test('is planned with the bytes that it holds', async () => {
    const graph = await unet();
    const sizes = sizesIn(graph, (name) => feeds[name as keyof typeof feeds]?.shape);
    const memory = new NetworkMemory({});
    const [exact, fast] = [graph, withInt8Products(graph)].map(
      (each) => new NetworkStages(each, memory, 'float32'),
    );
    const layers = new Set(withInt8Products(graph).nodes.flatMap(({ inputs }) => inputs));
    const saved = graph.initializers
      .filter(({ name }) => layers.has(`${name}/int8`))
      .map(({ shape: [count = 0, ...rest] }) => count * (3 * elementsIn(rest) - 4))
      .reduce((sum, bytes) => sum + bytes, 0);
    expect(saved).toBeGreaterThan(exact!.weightBytes / 2);
    expect(exact!.weightBytes - fast!.weightBytes).toBeGreaterThan(0.99 * saved);
    // Codes below a kernel come beside them; float32 copies of the weights do not. Measured: 2.2.
    expect(fast!.heldIn(sizes).work).toBeLessThan(2.5 * exact!.heldIn(sizes).work);
  });

  test('runs in stages', async () => {
    const graph = withInt8Products(await unet());
    const whole = await run(graph, feeds, 'out_sample');
    const stages = cutIntoStages(graph, 2e6);
    expect(stages.length).toBeGreaterThan(2);
    const held: Record<string, Feed> = { ...feeds };
    for (const stage of stages) {
      const network = await Network.open(stage);
      const own = Object.fromEntries(stage.inputs.map(({ name }) => [name, held[name]!]));
      Object.assign(
        held,
        await network.runWhole(
          own,
          stage.outputs.map(({ name }) => name),
        ),
      );
      await network.release();
    }
    expect(held.out_sample!.data).toEqual(whole);
  });
});

test('a row of zeros gives zeros', async () => {
  const size = 64;
  const ones = new Float32Array(size * size).fill(1);
  const graph = new GraphBuilder({ name: 'rows', configFile: 'none', config: {}, tensors: new Map() });
  const x = graph.input('x', 'float32', ['batch', 'tokens', size]);
  const rows = graph.node('Reshape', [x, graph.integers([-1, size])]);
  const layer = (input: typeof rows, scale: number) =>
    graph.node(
      'Gemm',
      [
        input,
        graph.floats(
          ones.map((one) => one * scale),
          [size, size],
        ),
      ],
      { transB: 1 },
    );
  graph.output('y', layer(layer(layer(rows, 1), 2), 3));
  const changed = withInt8Products(graph.finish());
  expect(changed.nodes.filter(({ operator }) => operator === 'MatMulIntegerToFloat')).toHaveLength(1);
  const data = new Float32Array(2 * size).fill(0, 0, size).fill(1 / size, size);
  const y = await run(changed, { x: { data, shape: [1, 2, size] } }, 'y');
  expect([...new Set(y.slice(0, size))]).toEqual([0]);
  expect(y[size]).toBeCloseTo(6 * size * size, -1);
});
