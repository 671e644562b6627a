import { describe, expect, test } from 'vitest';
import { readFields, readString } from '../graph/onnx/protobuf.js';
import { type DecomposableOperator, decomposableOperators } from '../graph/passes/decomposition.js';
import { withoutOperators } from '../graph/passes/without-operators.js';
import { InferenceSession, Tensor } from './onnx-runtime.js';
import { testDevice, unfusedOptions } from './self-test.js';
import { type SelfTestCase, selfTestCases, sizeOf, spreadNumbers } from './self-test-cases.js';

const modelGraph = 7;
const graphNode = 1;
const nodeOperator = 4;

function operatorsOf(model: Uint8Array): string[] {
  const graph = readFields(model).find(({ field }) => field === modelGraph);
  return readFields(graph!.content)
    .filter(({ field }) => field === graphNode)
    .map(({ content }) =>
      readString(readFields(content).find(({ field }) => field === nodeOperator)!.content),
    );
}

async function run(model: Uint8Array, { shape }: SelfTestCase): Promise<Float32Array> {
  const session = await InferenceSession.create(model, { extra: unfusedOptions, logSeverityLevel: 4 });
  const x = new Tensor('float32', spreadNumbers(sizeOf(shape)), shape);
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
    const simple = withoutOperators(each.model, new Set([operator]));
    // A look-up stays one; its table is converted first.
    if (operator === 'Gather') expect(operatorsOf(simple)).toHaveLength(operatorsOf(each.model).length + 2);
    else expect(operatorsOf(simple)).not.toContain(operator);
    const expected = await run(each.model, each);
    const actual = await run(simple, each);
    expect(actual).toHaveLength(expected.length);
    const error = Math.max(...expected.map((value, index) => Math.abs(value - actual[index]!)));
    expect(error / Math.max(...expected.map(Math.abs))).toBeLessThan(3e-6);
  });

  test('a graph is left alone where nothing is wrong', () => {
    const [first] = selfTestCases;
    expect(withoutOperators(first!.model, new Set())).toBe(first!.model);
    const others = new Set(decomposableOperators);
    expect(Buffer.compare(withoutOperators(first!.model, others), first!.model)).toBe(0);
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
