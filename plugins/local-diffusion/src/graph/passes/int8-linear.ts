import type { GraphNode } from '../graph.js';
import { elementTypes } from '../onnx/element-types.js';
import { type Int8Nodes, int8Name } from './int8-nodes.js';

/**
 * In place of a Gemm of x [rows, width] and a weight [count, width]: x is quantised by row (token), so that
 * an image does not depend on the others of its batch.
 */
export function linearInInt8(
  int8: Int8Nodes,
  { inputs, outputs }: GraphNode,
  [count = 1, width = 1]: readonly number[],
): readonly GraphNode[] {
  const [x = '', weight = ''] = inputs;
  const [result = ''] = outputs;
  const [rows = 1] = int8.shapeOf(x);
  const unscaled = `${result}/int8 product`;
  const turn = (rounded: string, turned: string) => [
    int8.node('Transpose', [rounded], turned, ['float32', [width, count]], { perm: [1, 0] }),
  ];
  return [
    ...int8.once(x, () => quantiseRows(int8, x)),
    ...int8.once(weight, () => int8.quantiseWeight(weight, [count, width], turn)),
    int8.product(`${x}/int8`, weight, unscaled, [rows, count]),
    int8.node('Mul', [unscaled, `${x}/int8 scale`], result, ['float32', [rows, count]]),
  ];
}

/** Largest and least are sought apart: the absolute values would be written out as a whole. */
function quantiseRows(int8: Int8Nodes, x: string): readonly GraphNode[] {
  const shape = int8.shapeOf(x);
  const [rows = 1] = shape;
  const column = ['float32', [rows, 1]] as const;
  const vector = ['float32', [rows]] as const;
  const own = (what: string) => `${x}/int8 ${what}`;
  const columns = int8.integers([1]);
  return [
    int8.node('ReduceMax', [x, columns], own('largest'), column),
    int8.node('ReduceMin', [x, columns], own('smallest'), column),
    int8.node('Neg', [own('smallest')], own('negated'), column),
    int8.node('Max', [own('largest'), own('negated'), int8Name('least')], own('range'), column),
    int8.node('Mul', [own('range'), int8Name('step')], own('scale'), column),
    int8.node('Reshape', [own('scale'), int8.integers([-1])], own('scales'), vector),
    // QuantizeLinear by row takes a zero point for each row.
    int8.node('Mul', [own('scales'), int8Name('zero')], own('zeros'), vector),
    int8.node('Add', [own('zeros'), int8Name('zero code')], own('zero codes'), vector),
    int8.node('Cast', [own('zero codes')], own('zero points'), ['uint8', [rows]], {
      to: elementTypes.uint8,
    }),
    int8.node('QuantizeLinear', [x, own('scales'), own('zero points')], `${x}/int8`, ['uint8', shape], {
      axis: 0,
    }),
  ];
}
