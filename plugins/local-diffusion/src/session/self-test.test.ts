import { describe, expect, test } from 'vitest';
import { elementsIn, type Graph } from '../graph/graph.js';
import {
  type DecomposableOperator,
  decomposableOperators,
  withoutOperators,
} from '../graph/passes/decomposition.js';
import { createSession, encodeForSession } from './graph-session.js';
import { Tensor } from './onnx-runtime.js';
import { testDevice, unfusedOptions } from './self-test.js';
import { type SelfTestCase, selfTestCases, spreadNumbers } from './self-test-cases.js';

const operatorsOf = ({ nodes }: Graph): string[] => nodes.map(({ operator }) => operator);

async function run(graph: Graph, { shape }: SelfTestCase): Promise<Float32Array> {
  const options = { extra: unfusedOptions, logSeverityLevel: 4 } as const;
  const session = await createSession(encodeForSession(graph), options);
  const x = new Tensor('float32', spreadNumbers(elementsIn(shape)), shape);
  const { y } = await session.run({ x });
  await session.release();
  return y!.data as Float32Array;
}

describe('blocks in simpler operators', () => {
  const fused = selfTestCases.filter(({ operator }) => operator !== undefined);

  test('every operator that can be decomposed has a case', () => {
    expect(new Set(fused.map(({ operator }) => operator))).toEqual(new Set(decomposableOperators));
  });

  test.each(fused)('$name: the same numbers, without the operator', async (each) => {
    const operator = each.operator as DecomposableOperator;
    const simple = withoutOperators(each.graph, new Set([operator]));
    // A look-up stays one; its table is converted first.
    if (operator === 'Gather') expect(operatorsOf(simple)).toHaveLength(operatorsOf(each.graph).length + 2);
    else expect(operatorsOf(simple)).not.toContain(operator);
    const expected = await run(each.graph, each);
    const actual = await run(simple, each);
    expect(actual).toHaveLength(expected.length);
    const error = Math.max(...expected.map((value, index) => Math.abs(value - actual[index]!)));
    expect(error / Math.max(...expected.map(Math.abs))).toBeLessThan(3e-6);
  });

  test('a graph is left alone where nothing is wrong', () => {
    const [first] = selfTestCases;
    expect(withoutOperators(first!.graph, new Set())).toBe(first!.graph);
    const others = new Set(decomposableOperators);
    expect(withoutOperators(first!.graph, others)).toBe(first!.graph);
  });
});

describe('testDevice', () => {
  test('the processor agrees with itself', async () => {
    expect(await testDevice('cpu')).toMatchObject({ usable: true, decompose: [], error: 0 });
  });

  test('a provider that this platform has not got is told from one that is wrong', async () => {
    const elsewhere = process.platform === 'win32' ? 'coreml' : 'dml';
    expect(await testDevice(elsewhere)).toMatchObject({ usable: false, opened: false });
  });
});
