import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runGraph } from '../../../../../test/reference/run-graph.js';
import { openComponent } from '../../checkpoint/component.js';
import { clipTextGraph } from '../../networks/clip/clip-text.js';
import { unetGraph } from '../../networks/unet/unet.js';
import { encodeForSession } from '../../session/graph-session.js';
import { spreadNumbers } from '../../session/self-test-cases.js';
import type { Graph } from '../graph.js';
import { decomposableOperators, withoutOperators } from '../passes/decomposition.js';
import { withStoredWeights } from '../passes/stored-weights.js';
import { writeFor } from '../passes/write-for.js';
import { encodeGraph } from './encode.js';
import { fieldNumbers } from './field-numbers.js';
import { writeBytes, writeText } from './protobuf.js';
import { readModel } from './read.js';

let folder: string;
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'easel-read-')));
});
afterAll(() => rm(folder, { recursive: true }));

const bundled = (name: string) =>
  openComponent(fileURLToPath(new URL(`../../../../../models/picturebook/${name}`, import.meta.url)));

/** Reads a graph of ours back from its own bytes. */
function readBack(graph: Graph): { readonly read: Graph; readonly model: Uint8Array } {
  const { model, externalFolder } = encodeForSession(graph);
  return { read: readModel(model, { folder: externalFolder, name: 'model.onnx' }), model };
}

const ids = new Map([['input_ids', { shape: [1, 4], data: BigInt64Array.of(1n, 7n, 3n, 5n) }]]);

describe('a graph that was read', () => {
  test('is encoded to the same bytes, but for the shapes between nodes', async () => {
    for (const graph of [unetGraph(await bundled('unet')), clipTextGraph(await bundled('text_encoder'))]) {
      const { read } = readBack(graph);
      expect(read.nodes.length).toBeGreaterThan(100);
      const { model } = encodeGraph({ ...withStoredWeights(graph), values: new Map() });
      expect(Buffer.compare(encodeGraph(read).model, model)).toBe(0);
    }
  });

  test.each(['float32', 'float16'] as const)(
    'of %s gives the same numbers in simpler operators',
    async (precision) => {
      const graph = clipTextGraph(await bundled('text_encoder'));
      const half = writeFor(graph, { decompose: new Set(), precision });
      const simple = withoutOperators(readBack(half).read, new Set(decomposableOperators));
      const operators = new Set(simple.nodes.map(({ operator }) => operator));
      expect(decomposableOperators.filter((each) => operators.has(each))).toEqual(['Gather']);
      const [expected, actual] = [await runGraph(half, ids), await runGraph(simple, ids)];
      for (const [name, values] of expected) {
        const largest = Math.max(...values.map(Math.abs));
        const error = Math.max(...values.map((each, index) => Math.abs(each - actual.get(name)![index]!)));
        expect(error / largest).toBeLessThan(precision === 'float32' ? 1e-5 : 1e-2);
      }
    },
  );

  test('leaves weights in the file that they came in', async () => {
    const data = new Uint8Array(spreadNumbers(64 * 64).buffer);
    const weight = { name: 'w', type: 'float32' as const, shape: [64, 64], data };
    const { model } = encodeGraph({
      name: 'one file',
      nodes: [{ operator: 'MatMul', domain: '', inputs: ['x', 'w'], outputs: ['y'], attributes: {} }],
      initializers: [weight],
      inputs: [{ name: 'x', type: 'float32', shape: ['rows', 64] }],
      outputs: [{ name: 'y', type: 'float32', shape: ['rows', 64] }],
      operatorSets: { '': 20 },
      values: new Map(),
    });
    await writeFile(join(folder, 'model.onnx'), model);
    const read = readModel(model, { folder, name: 'model.onnx' });
    expect(read.initializers[0]?.data).toMatchObject({
      file: join(folder, 'model.onnx'),
      length: 64 * 64 * 4,
    });
    const x = new Map([['x', { shape: [1, 64], data: spreadNumbers(64, 2) }]]);
    const inline = { ...read, initializers: [weight] };
    expect((await runGraph(read, x)).get('y')).toEqual((await runGraph(inline, x)).get('y'));
  });
});

describe('a file that is refused', () => {
  const file = { folder: '/models/one', name: 'model.onnx' };
  const modelOf = (field: number, content: Uint8Array) =>
    writeBytes(fieldNumbers.model.graph, writeBytes(field, content));

  test.each(['../two/weights.bin', '/etc/passwd', 'a/../../two'])('names weights in %s', (location) => {
    const { name, externalData } = fieldNumbers.tensor;
    const entry = Buffer.concat([writeText(1, 'location'), writeText(2, location)]);
    const tensor = Buffer.concat([
      Buffer.of(2 << 3, 1),
      writeText(name, 'w'),
      writeBytes(externalData, entry),
    ]);
    expect(() => readModel(modelOf(fieldNumbers.graph.initializer, tensor), file)).toThrow(
      /its weights lie outside of its folder/,
    );
  });

  test('has functions or sparse initialisers', () => {
    const functions = writeBytes(fieldNumbers.model.functions, new Uint8Array());
    expect(() => readModel(functions, file)).toThrow(/functions/);
    const sparse = modelOf(fieldNumbers.graph.sparseInitializer, new Uint8Array());
    expect(() => readModel(sparse, file)).toThrow(/sparse/);
  });

  test('is damaged: it is an error or another graph, at once', async () => {
    const { model } = encodeForSession(clipTextGraph(await bundled('text_encoder')));
    for (const [round, where] of spreadNumbers(400).entries()) {
      const damaged = Uint8Array.from(model);
      damaged[Math.floor(Math.abs(where) * model.length)] = (round * 37) % 256;
      try {
        encodeGraph(readModel(damaged, file));
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }
  });
});
