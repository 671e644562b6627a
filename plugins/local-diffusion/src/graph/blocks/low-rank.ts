import type { LoraLayer } from '../../checkpoint/lora-layer.js';
import type { GraphBuilder, Value } from '../builder.js';
import type { Attributes } from '../graph.js';

/**
 * The input that the networks of a component with LoRAs have: float32 [LoRAs], the weight of each, 1 being
 * the whole of it.
 */
export const loraScalesInput = 'lora_scales';

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
  for (const { index, layer } of graph.loraLayers(path)) {
    const name = `lora/${index}/${path}`;
    const low = graph.once(`${name} of ${x.name}`, () => {
      const down = graph.mountLocation(`${name}.down`, layer.down, [layer.rank, inputs]);
      const rows = graph.node('Gemm', [x, down], { transB: 1 });
      return graph.node('Mul', [rows, strength(graph, index, layer)]);
    });
    const up = graph.mountLocationRows(`${name}.up`, layer.up, [outputs, layer.rank], first, count);
    sum = graph.node('Gemm', [low, up, sum], { transB: 1 });
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
  for (const { index, layer } of graph.loraLayers(path)) {
    const name = `lora/${index}/${path}`;
    const down = graph.mountLocation(`${name}.down`, layer.down, [layer.rank, inputs, kernel, kernel]);
    const low = graph.node('Mul', [graph.node('Conv', [x, down], attributes), strength(graph, index, layer)]);
    const up = graph.mountLocation(`${name}.up`, layer.up, [outputs, layer.rank, 1, 1]);
    sum = graph.node('Add', [sum, graph.node('Conv', [low, up], { kernel_shape: [1, 1] })]);
  }
  return sum;
}

/** scale * alpha / rank as [1], to multiply the few channels between `down` and `up` by. */
function strength(graph: GraphBuilder, index: number, { factor }: LoraLayer): Value {
  return graph.once(`strength ${factor} of LoRA ${index}`, () => {
    const scales = graph.once(loraScalesInput, () =>
      graph.input(loraScalesInput, 'float32', [graph.loraCount]),
    );
    const scale = graph.once(`scale of LoRA ${index}`, () =>
      graph.node('Gather', [scales, graph.integers([index])]),
    );
    return factor === 1 ? scale : graph.node('Mul', [scale, graph.floats([factor])]);
  });
}
