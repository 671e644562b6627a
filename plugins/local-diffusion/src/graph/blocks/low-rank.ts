import type { LoraLayer, Product } from '../../checkpoint/lora-layer.js';
import { shapesAgree } from '../../checkpoint/shapes.js';
import type { GraphBuilder, Value } from '../builder.js';
import type { Attributes } from '../graph.js';

/**
 * The input that the networks of a component with LoRAs have: float32 [LoRAs], the weight of each, 1 being
 * the whole of it.
 */
export const loraScalesInput = 'lora_scales';

/** A plain LoRA, which needs the layer's input alone. */
interface LowRankLayer extends LoraLayer {
  readonly change: { readonly kind: 'low-rank'; readonly product: Product };
}

/**
 * Whether all that LoRAs add to a layer's weight is computed beside it, from what goes into the layer.
 * Otherwise the weight itself is changed.
 *
 * @param shape of the weight
 */
export function isBeside(graph: GraphBuilder, path: string, shape: readonly number[]): boolean {
  return graph
    .loraLayers(path)
    .every(({ layer }) => !layer.change || (isLowRank(layer) && isInShape(layer, shape)));
}

const isLowRank = (layer: LoraLayer): layer is LowRankLayer =>
  layer.change?.kind === 'low-rank' && !layer.magnitude && !layer.change.product.core;

function isInShape({ change }: LowRankLayer, [outputs = 0, ...inputs]: readonly number[]): boolean {
  const { left, right } = change.product;
  const rank = right.shape[0]!;
  return shapesAgree(right.shape, [rank, ...inputs]) && shapesAgree(left.shape, [outputs, rank]);
}

/** What is computed beside a layer: its matrices, by the names of kohya's files. */
function layersBeside(graph: GraphBuilder, path: string, shape: readonly number[]) {
  if (!isBeside(graph, path, shape)) return [];
  return graph.loraLayers(path).flatMap(({ index, layer }) => {
    if (!isLowRank(layer)) return [];
    const { left: up, right: down } = layer.change.product;
    return [{ index, layer, up, down, rank: down.shape[0]! }];
  });
}

/**
 * Adds to the result of a linear layer what the component's LoRAs change (Hu et al. 2021, "LoRA: Low-Rank
 * Adaptation of Large Language Models"): scale * alpha / rank * up(down(x)), computed beside the layer, so
 * that a scale is an input of each run.
 *
 * @param x [rows, inputs]
 * @param result [rows, count], what the layer itself gives
 * @param shape of the whole layer, and which of its outputs `result` has
 */
export function addLinearLoras(
  graph: GraphBuilder,
  x: Value,
  result: Value,
  path: string,
  shape: {
    readonly inputs: number;
    readonly outputs: number;
    readonly first: number;
    readonly count: number;
  },
): Value {
  const { inputs, outputs, first, count } = shape;
  let sum = result;
  for (const { index, layer, up, down, rank } of layersBeside(graph, path, [outputs, inputs])) {
    const name = `lora/${index}/${path}`;
    const low = graph.once(`${name} of ${x.name}`, () => {
      const downwards = graph.mountLocation(`${name}.down`, down, [rank, inputs]);
      const rows = graph.node('Gemm', [x, downwards], { transB: 1 });
      return graph.node('Mul', [rows, strength(graph, index, layer.factor)]);
    });
    const upwards = graph.mountLocationRows(`${name}.up`, up, [outputs, rank], first, count);
    sum = graph.node('Gemm', [low, upwards, sum], { transB: 1 });
  }
  return sum;
}

/**
 * Like {@link addLinearLoras} for a convolution: `down` has the layer's own kernel, stride and padding, `up`
 * is a 1x1 convolution.
 *
 * @param x [batch, inputs, height, width]
 * @param result [batch, outputs, ...], what the layer itself gives
 */
export function addConvolutionLoras(
  graph: GraphBuilder,
  x: Value,
  result: Value,
  path: string,
  shape: {
    readonly inputs: number;
    readonly outputs: number;
    readonly kernel: number;
    readonly attributes: Attributes;
  },
): Value {
  const { inputs, outputs, kernel, attributes } = shape;
  let sum = result;
  const layers = layersBeside(graph, path, [outputs, inputs, kernel, kernel]);
  for (const { index, layer, up, down, rank } of layers) {
    const name = `lora/${index}/${path}`;
    const downwards = graph.mountLocation(`${name}.down`, down, [rank, inputs, kernel, kernel]);
    const rows = graph.node('Conv', [x, downwards], attributes);
    const low = graph.node('Mul', [rows, strength(graph, index, layer.factor)]);
    const upwards = graph.mountLocation(`${name}.up`, up, [outputs, rank, 1, 1]);
    sum = graph.node('Add', [sum, graph.node('Conv', [low, upwards], { kernel_shape: [1, 1] })]);
  }
  return sum;
}

/** The weight of a LoRA at a run times alpha / rank, as [1]. */
export function strength(graph: GraphBuilder, index: number, factor: number): Value {
  return graph.once(`strength ${factor} of LoRA ${index}`, () => {
    const scale = scaleOf(graph, index);
    return factor === 1 ? scale : graph.node('Mul', [scale, graph.floats([factor])]);
  });
}

/** The weight of a LoRA at a run, as [1]. */
export function scaleOf(graph: GraphBuilder, index: number): Value {
  return graph.once(`scale of LoRA ${index}`, () => {
    const scales = graph.once(loraScalesInput, () =>
      graph.input(loraScalesInput, 'float32', [graph.loraCount]),
    );
    return graph.node('Gather', [scales, graph.integers([index])]);
  });
}
