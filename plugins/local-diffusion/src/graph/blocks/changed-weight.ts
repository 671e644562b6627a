import type { LoraLayer, Magnitude } from '../../checkpoint/lora-layer.js';
import type { GraphBuilder, Value } from '../builder.js';
import type { ChangeScope } from './change-scope.js';
import { isBeside, scaleOf, strength } from './low-rank.js';
import { reshape } from './reshape.js';
import { weightChange } from './weight-change.js';

/** What keeps the norm of a row of zeros from dividing by 0: float32's epsilon. */
const leastNorm = 1.1920929e-7;

/**
 * The weight of a layer with what LoRAs of other kinds than plain low rank make of it; those are computed
 * beside the layer, unless one of another kind changes it too. Changes are made one after the other, in the
 * order of the LoRAs, at each run, since their weights are an input of the network.
 *
 * @param shape of the weight: outputs, inputs, and a kernel's height and width where there is one
 */
export function changedWeight(graph: GraphBuilder, path: string, shape: readonly number[]): Value {
  const layers = graph.loraLayers(path);
  const own = graph.mount(`${path}.weight`, shape);
  if (isBeside(graph, path, shape)) return own;
  const [rows = 1, ...others] = shape;
  const columns = others.reduce((one, other) => one * other, 1);
  const whole = layers.reduce(
    (weight, { index, layer }) =>
      layer.change ? change(graph, { weight, rows, columns, shape }, { index, layer, path }) : weight,
    reshape(graph, own, [rows, columns]),
  );
  return reshape(graph, whole, shape);
}

interface Matrix {
  /** [rows, columns] */
  readonly weight: Value;
  readonly rows: number;
  readonly columns: number;
  readonly shape: readonly number[];
}

function change(
  graph: GraphBuilder,
  { weight, rows, columns, shape }: Matrix,
  { index, layer, path }: { readonly index: number; readonly layer: LoraLayer; readonly path: string },
): Value {
  const kernelPixels = shape.slice(2).reduce((one, other) => one * other, 1);
  const scale = scaleOf(graph, index);
  const one = graph.once(`1 of LoRA ${index}`, () =>
    graph.node('Add', [graph.node('Mul', [scale, graph.floats([0])]), graph.floats([1])]),
  );
  const name = `lora/${index}/${path}`;
  const { magnitude, factor } = layer;
  const share = magnitude ? one : scale;
  const scope: ChangeScope = {
    ...{ name, weight, rows, columns, kernelPixels, one },
    factor: factor === 1 ? share : graph.node('Mul', [share, graph.floats([factor])]),
  };
  const sum = graph.node('Add', [weight, weightChange(graph, layer.change!, scope)]);
  if (!magnitude) return sum;
  const normed = withNorms(graph, sum, magnitude, scope);
  return graph.node('Add', [weight, graph.node('Mul', [graph.node('Sub', [normed, weight]), scale])]);
}

/** The weight with each of its rows, or of its inputs' columns, brought to a norm. */
function withNorms(
  graph: GraphBuilder,
  weight: Value,
  { norms, axis }: Magnitude,
  { name, rows, columns, kernelPixels }: ChangeScope,
): Value {
  const isOfRows = axis === 'outputs';
  const inputs = columns / kernelPixels;
  const cells = reshape(graph, weight, [rows, inputs, kernelPixels]);
  const own = graph.node('ReduceL2', [cells, graph.integers(isOfRows ? [1, 2] : [0, 2])]);
  const mounted = graph.mountLocation(`${name}.norms`, norms, norms.shape);
  const wanted = reshape(graph, mounted, isOfRows ? [rows, 1, 1] : [1, inputs, 1]);
  const factors = graph.node('Div', [wanted, graph.node('Add', [own, graph.floats([leastNorm])])]);
  return reshape(graph, graph.node('Mul', [cells, factors]), [rows, columns]);
}

/** The bias of a layer with what LoRAs add to it. */
export function changedBias(graph: GraphBuilder, path: string, shape: readonly number[]): Value {
  return graph.loraLayers(path).reduce(
    (sum, { index, layer }) => {
      if (!layer.bias) return sum;
      const added = graph.mountLocation(`lora/${index}/${path}.bias`, layer.bias, layer.bias.shape);
      const scale = strength(graph, index, layer.biasFactor ?? 1);
      const scaled = graph.node('Mul', [reshape(graph, added, shape), scale]);
      return graph.node('Add', [sum, scaled]);
    },
    graph.mount(`${path}.bias`, shape),
  );
}
