import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openComponent } from '../../checkpoint/component.js';
import { vaeDecoderGraph } from '../../networks/autoencoder/vae.js';
import { Network } from '../../session/network.js';
import { spreadNumbers } from '../../session/self-test-cases.js';
import { upsampleTwice } from '../blocks/blocks.js';
import { GraphBuilder } from '../builder.js';
import type { Graph } from '../graph.js';
import { workBytes } from '../work-bytes.js';
import { withFoldedUpsampling } from './folded-upsampling.js';

const operators = ({ nodes }: Graph, name: string) => nodes.filter(({ operator }) => operator === name);

async function run(graph: Graph, shape: number[]): Promise<Float32Array> {
  const network = await Network.open(graph);
  const { name } = graph.inputs[0]!;
  const data = spreadNumbers(shape.reduce((one, other) => one * other));
  try {
    return (await network.run({ [name]: { data, shape } }, ['sample'])).sample;
  } finally {
    await network.release();
  }
}

/** The largest difference, by the largest number. */
function deviation(actual: Float32Array, expected: Float32Array): number {
  expect(actual).toHaveLength(expected.length);
  const largest = (of: (index: number) => number) =>
    expected.reduce((most, _, index) => Math.max(most, Math.abs(of(index))), 0);
  return largest((index) => actual[index]! - expected[index]!) / largest((index) => expected[index]!);
}

test('a decoder gives the same but for rounding, at odd sizes and in a batch too', async () => {
  const path = fileURLToPath(new URL('../../../../../models/picturebook/vae', import.meta.url));
  const plain = vaeDecoderGraph(await openComponent(path));
  const folded = withFoldedUpsampling(plain);
  expect(operators(plain, 'Resize').length).toBeGreaterThan(1);
  expect(operators(folded, 'Resize')).toHaveLength(0);
  expect(folded.values.get(plain.outputs[0]!.name)).toEqual(plain.values.get(plain.outputs[0]!.name));
  for (const shape of [
    [2, 4, 12, 12],
    [1, 4, 7, 5],
    [1, 4, 1, 3],
  ])
    expect(deviation(await run(folded, shape), await run(plain, shape)), `${shape}`).toBeLessThan(1e-5);
  const sizes = new Map([
    ['batch', 1],
    ['height', 64],
    ['width', 64],
  ]);
  expect(workBytes(folded, sizes)).toBeLessThan(1.2 * workBytes(plain, sizes));
});

test('what else reads the enlarged image still does, and kernels of other sizes stay', async () => {
  const numbers = (name: string, shape: number[]) => {
    const data = spreadNumbers(
      shape.reduce((one, other) => one * other),
      name.length,
    );
    return graph.floats(data, shape);
  };
  const graph = new GraphBuilder({ name: 'n', configFile: 'none', config: {}, tensors: new Map() });
  const large = upsampleTwice(graph, graph.input('x', 'float32', ['batch', 3, 'height', 'width']));
  const layer = (kernel: number, stride = 1) =>
    graph.node('Conv', [large, numbers(`${kernel} ${stride}`, [3, 3, kernel, kernel])], {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: Array(4).fill((kernel - 1) / 2),
    });
  const sum = graph.node('Add', [graph.node('Add', [layer(3), layer(5)]), large]);
  graph.output('sample', sum);
  const plain = graph.finish();
  const folded = withFoldedUpsampling(plain);
  expect(operators(folded, 'Conv')).toHaveLength(5);
  expect(operators(folded, 'Resize')).toHaveLength(1);
  expect(deviation(await run(folded, [2, 3, 5, 4]), await run(plain, [2, 3, 5, 4]))).toBeLessThan(1e-5);
});
