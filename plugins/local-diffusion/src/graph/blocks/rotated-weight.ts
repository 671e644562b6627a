import type { Rotation } from '../../checkpoint/lora-layer.js';
import type { GraphBuilder, Value } from '../builder.js';
import type { ChangeScope } from './change-scope.js';
import { reshape } from './reshape.js';

/**
 * What an OFT adds to a weight. One turns blocks of rows, by the transposed of its rotations, and a LoRA's
 * weight is a share of the difference; of a butterfly's factors each turns other rows, and is taken to the
 * same share.
 */
export function rotationChange(
  graph: GraphBuilder,
  { turns, isButterfly, size, rescale }: Rotation,
  { weight, rows, columns, factor }: ChangeScope,
): Value {
  const blocks = rows / size;
  /** What a factor adds to a matrix, [rows, columns]. */
  const turn = (values: Float32Array, matrix: Value): Value => {
    const rotation = graph.node('Mul', [graph.floats(values, [blocks, size, size]), factor]);
    const upright = isButterfly ? rotation : graph.node('Transpose', [rotation], { perm: [0, 2, 1] });
    return reshape(graph, graph.node('MatMul', [upright, reshape(graph, matrix, [blocks, size, columns])]), [
      rows,
      columns,
    ]);
  };
  let turned = weight;
  for (const [index, values] of turns.entries()) {
    const pairs = 2 ** index * (size / 2);
    const swap = (matrix: Value, [first, second]: readonly [number, number]): Value => {
      if (!isButterfly) return matrix;
      const apart = reshape(graph, matrix, [rows / (2 * pairs), first, second, columns]);
      return reshape(graph, graph.node('Transpose', [apart], { perm: [0, 2, 1, 3] }), [rows, columns]);
    };
    const mixed = swap(turned, [2, pairs]);
    turned = swap(graph.node('Add', [mixed, turn(values, mixed)]), [pairs, 2]);
  }
  // LyCORIS rescales the rows whole, whatever the LoRA's weight is.
  const scaled = rescale ? graph.node('Mul', [turned, graph.floats(rescale, [rows, 1])]) : turned;
  return graph.node('Sub', [scaled, weight]);
}
