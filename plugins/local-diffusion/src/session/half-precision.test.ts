import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { openComponent } from '../checkpoint/component.js';
import { GraphBuilder } from '../graph/builder.js';
import type { Graph } from '../graph/graph.js';
import type { Precision } from '../graph/passes/precision.js';
import { vaeDecoderGraph } from '../networks/autoencoder/vae.js';
import { clipTextGraph } from '../networks/clip/clip-text.js';
import { unetGraph } from '../networks/unet/unet.js';
import { type Execution, onProcessor } from './execution-choice.js';
import { type Feed, Network } from './network.js';
import { NetworkMemory } from './network-memory.js';
import { spreadNumbers } from './self-test-cases.js';
import { StoredNetwork } from './stored-network.js';

// On the processor ONNX Runtime rounds weights to float16, and computes with them in float32: what a graphics
// card rounds beside them is not tested here.
const inHalf: Execution = { ...onProcessor, precision: 'float16' };

const bundled = (name: string) =>
  openComponent(fileURLToPath(new URL(`../../../../models/picturebook/${name}`, import.meta.url)));
const noise = (...shape: number[]): Feed => ({
  data: spreadNumbers(shape.reduce((one, other) => one * other)),
  shape,
});

async function run(graph: Graph, precision: Precision, feeds: Record<string, Feed>, output: string) {
  const network = await Network.open(graph, { execution: { ...onProcessor, precision } });
  try {
    expect(network.precision).toBe(precision);
    return (await network.run(feeds, [output]))[output]!;
  } finally {
    await network.release();
  }
}

describe('in float16', () => {
  test.each([
    [
      'a denoising network, at a timestep that has no float16',
      async () => unetGraph(await bundled('unet')),
      {
        sample: noise(2, 4, 12, 12),
        timestep: { data: Float32Array.of(998.7), shape: [1] },
        encoder_hidden_states: noise(2, 7, 128),
      },
      'out_sample',
    ],
    [
      'a decoder',
      async () => vaeDecoderGraph(await bundled('vae')),
      { latent_sample: noise(1, 4, 12, 12) },
      'sample',
    ],
    [
      'a text encoder',
      async () => clipTextGraph(await bundled('text_encoder')),
      { input_ids: { data: BigInt64Array.of(1n, 7n, 3n, 5n), shape: [1, 4] } },
      'last_hidden_state',
    ],
  ] as const)('%s gives the numbers of float32, but for the rounding', async (_, graphOf, feeds, output) => {
    const graph = await graphOf();
    const whole = await run(graph, 'float32', feeds, output);
    const half = await run(graph, 'float16', feeds, output);
    const largest = whole.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const error = whole.reduce((most, value, index) => Math.max(most, Math.abs(value - half[index]!)), 0);
    expect(error / largest).toBeLessThan(0.01);
    expect(error).toBeGreaterThan(0);
  });
});

describe('a stored network', () => {
  /** x and x again. The processor moves halves, though what it computes it computes in float32. */
  function twice(): Graph {
    const graph = new GraphBuilder({ name: 'twice', configFile: 'none', config: {}, tensors: new Map() });
    const x = graph.input('x', 'float32', ['numbers']);
    graph.output('y', graph.node('Concat', [x, x], { axis: 0 }));
    return graph.finish();
  }

  test('that overflows in float16 is computed in float32, and says so once it has', async () => {
    let openings = 0;
    const onOpening = () => {
      openings += 1;
    };
    const memory = new NetworkMemory({ execution: inHalf }, { onOpening });
    const network = new StoredNetwork(twice(), memory, {});
    const feed = (...numbers: number[]) => ({
      x: { data: Float32Array.from(numbers), shape: [numbers.length] },
    });
    const small = (await network.run(feed(1000.3, -2), ['y'])).y;
    // Near 1000 halves are 0.5 apart.
    expect([...small]).toEqual([1000.5, -2, 1000.5, -2]);
    expect(network.warnings).toEqual([]);
    expect(openings).toBe(1);

    const large = (await network.run(feed(3e6, -4e6), ['y'])).y;
    expect([...large]).toEqual([3e6, -4e6, 3e6, -4e6]);
    expect(network.warnings).toEqual([expect.stringMatching(/too large for float16/)]);
    await network.run(feed(5), ['y']);
    expect(openings).toBe(2);
    await network.release();
  });
});
