import { expect, test } from 'vitest';
import { GraphBuilder } from './builder.js';
import { sizesIn, workBytes } from './work-bytes.js';

const noWeights = { name: 'none', configFile: 'config.json', config: {}, tensors: new Map() };

test('a run holds what is made until it is read for the last time', () => {
  const graph = new GraphBuilder(noWeights);
  const x = graph.input('x', 'float32', ['rows', 4]);
  const twice = graph.node('Concat', [x, x], { axis: 1 });
  const view = graph.node('Reshape', [twice, graph.integers([0, 2, 4])]);
  // Computed in place: nobody reads the view again.
  const active = graph.node('Relu', [view]);
  const flat = graph.node('Reshape', [active, graph.integers([0, 8])]);
  graph.output('y', graph.node('Concat', [flat, x], { axis: 1 }));
  const finished = graph.finish();
  const sizes = sizesIn(finished, (name) => (name === 'x' ? [100, 4] : undefined));
  expect(sizes).toEqual(new Map([['rows', 100]]));
  // 100 rows of 8 numbers, and of the 12 that are made of them.
  expect(workBytes(finished, sizes)).toBe(100 * (8 + 12) * 4);
  expect(() => workBytes(finished, new Map())).toThrow(/does not say what "rows" is/);
});

test('what is made of weights alone is no part of a run', () => {
  const graph = new GraphBuilder(noWeights);
  const x = graph.input('x', 'float32', ['rows', 4]);
  const weight = graph.node('Sigmoid', [graph.node('Sin', [graph.floats(new Float32Array(16), [4, 4])])]);
  graph.output('y', graph.node('MatMul', [x, weight]));
  const finished = graph.finish();
  expect(workBytes(finished, new Map([['rows', 3]]))).toBe(3 * 4 * 4);
});
