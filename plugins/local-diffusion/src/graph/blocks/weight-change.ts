import {
  type Factored,
  type Product,
  sizeOfFactored,
  sizeOfProduct,
  type WeightChange,
} from '../../checkpoint/lora-layer.js';
import type { TensorLocation } from '../../checkpoint/safetensors.js';
import type { GraphBuilder, Value } from '../builder.js';
import type { ChangeScope } from './change-scope.js';
import { reshape } from './reshape.js';
import { rotationChange } from './rotated-weight.js';

/** What a LoRA adds to a weight, [rows, columns], its factor included. */
export function weightChange(graph: GraphBuilder, change: WeightChange, scope: ChangeScope): Value {
  const { name, factor, one, rows, columns, weight } = scope;
  switch (change.kind) {
    case 'low-rank':
      return product(graph, `${name}.low_rank`, change.product, factor);
    case 'hadamard':
      return graph.node('Mul', [
        product(graph, `${name}.hada_1`, change.first, factor),
        product(graph, `${name}.hada_2`, change.second, one),
      ]);
    case 'kronecker':
      return kronecker(graph, change, scope);
    case 'difference':
      return graph.node('Mul', [matrix(graph, `${name}.diff`, change.difference, [rows, columns]), factor]);
    case 'scaling': {
      const { kernelPixels } = scope;
      const isOfRows = change.axis === 'outputs';
      const by = matrix(
        graph,
        `${name}.by`,
        change.by,
        isOfRows ? [rows, 1] : [1, columns / kernelPixels, 1],
      );
      const whole = isOfRows ? weight : reshape(graph, weight, [rows, columns / kernelPixels, kernelPixels]);
      const scaled = graph.node('Mul', [whole, graph.node('Mul', [by, factor])]);
      return reshape(graph, scaled, [rows, columns]);
    }
    case 'generalized': {
      const inner = graph.node('Gemm', [weight, product(graph, `${name}.inner`, change.inner, factor)]);
      return graph.node('Add', [inner, product(graph, `${name}.outer`, change.outer, factor)]);
    }
    case 'rotation':
      return rotationChange(graph, change.rotation, scope);
  }
}

/** A tensor of the LoRA's file, in another shape of as many numbers. */
function matrix(
  graph: GraphBuilder,
  name: string,
  location: TensorLocation,
  shape: readonly number[],
): Value {
  return reshape(graph, graph.mountLocation(name, location, location.shape), shape);
}

/**
 * left @ right times a factor; in Tucker's form a sum over the core of left, core and right. [rows, columns]
 */
function product(graph: GraphBuilder, name: string, factors: Product, factor: Value): Value {
  const { left, isLeftTransposed, core, right } = factors;
  const [rows, columns] = sizeOfProduct(factors);
  const leftRank = left.shape[isLeftTransposed ? 0 : 1]!;
  const rank = right.shape[0]!;
  const mounted = matrix(graph, `${name}.left`, left, isLeftTransposed ? [leftRank, rows] : [rows, leftRank]);
  const scaled = graph.node('Mul', [mounted, factor]);
  const transA = Number(isLeftTransposed);
  if (!core) {
    return graph.node('Gemm', [scaled, matrix(graph, `${name}.right`, right, [rank, columns])], { transA });
  }
  const pixels = (core.shape[2] ?? 1) * (core.shape[3] ?? 1);
  const inputs = columns / pixels;
  const middle = matrix(graph, `${name}.core`, core, [leftRank, rank * pixels]);
  const wide = reshape(graph, graph.node('Gemm', [scaled, middle], { transA }), [rows, rank, pixels]);
  const turned = graph.node('Transpose', [wide], { perm: [0, 2, 1] });
  const narrow = graph.node('Gemm', [
    reshape(graph, turned, [rows * pixels, rank]),
    matrix(graph, `${name}.right`, right, [rank, inputs]),
  ]);
  const kernels = graph.node('Transpose', [reshape(graph, narrow, [rows, pixels, inputs])], {
    perm: [0, 2, 1],
  });
  return reshape(graph, kernels, [rows, columns]);
}

function kronecker(
  graph: GraphBuilder,
  { first, second }: Extract<WeightChange, { kind: 'kronecker' }>,
  { name, factor, one, rows, columns }: ChangeScope,
): Value {
  const [firstRows, firstColumns] = sizeOfFactored(first);
  const [secondRows, secondColumns] = sizeOfFactored(second);
  const whole = (own: Factored, place: string, by: Value): Value =>
    own.kind === 'product'
      ? product(graph, `${name}.${place}`, own, by)
      : graph.node('Mul', [matrix(graph, `${name}.${place}`, own.matrix, sizeOfFactored(own)), by]);
  // A kernel belongs to the second one, whose columns it is the last part of.
  const left = reshape(graph, whole(first, 'lokr_1', factor), [firstRows, 1, firstColumns, 1]);
  const right = reshape(graph, whole(second, 'lokr_2', one), [1, secondRows, 1, secondColumns]);
  return reshape(graph, graph.node('Mul', [left, right]), [rows, columns]);
}
