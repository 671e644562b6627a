import type { GraphBuilder, Value } from '../builder.js';
import { changedBias, changedWeight } from './changed-weight.js';
import { addConvolutionLoras } from './low-rank.js';

export interface ConvolutionShape {
  readonly inputs: number;
  readonly outputs: number;
  /** Pixels of the square kernel. */
  readonly kernel: number;
  /** Absent means 1. */
  readonly stride?: number;
  /** Pixels of zeros at every side, or [top, left, bottom, right]; absent means as many as keep the size. */
  readonly padding?: number | readonly [number, number, number, number];
  /** Whether the layer adds `<path>.bias`; absent means yes. */
  readonly bias?: boolean;
}

/** torch.nn.Conv2d over `x` [batch, inputs, height, width], and what LoRAs add to it. */
export function convolution(graph: GraphBuilder, x: Value, path: string, shape: ConvolutionShape): Value {
  const { inputs, outputs, kernel, stride = 1, padding = (kernel - 1) / 2, bias = true } = shape;
  const operands = [x, changedWeight(graph, path, [outputs, inputs, kernel, kernel])];
  if (bias) operands.push(changedBias(graph, path, [outputs]));
  const attributes = {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: typeof padding === 'number' ? [padding, padding, padding, padding] : padding,
  };
  const result = graph.node('Conv', operands, attributes);
  return addConvolutionLoras(graph, x, result, path, { inputs, outputs, kernel, attributes });
}

/**
 * Doubles height and width of `x` [batch, channels, height, width] by repeating pixels. The factors are
 * constants because ONNX Runtime's fast path needs them (3.9 ms against 60 ms with a computed size,
 * 256x64x64).
 */
export function upsampleTwice(graph: GraphBuilder, x: Value): Value {
  return graph.node('Resize', [x, null, graph.floats([1, 1, 2, 2])], {
    mode: 'nearest',
    coordinate_transformation_mode: 'asymmetric',
    nearest_mode: 'floor',
  });
}

/**
 * Upsamples `x` to the height and width of `like`, which was halved (rounding up) to give the size of `x`.
 * For such sizes torch's nearest interpolation picks the pixels that doubling and cutting off picks.
 */
export function upsampleLike(graph: GraphBuilder, x: Value, like: Value): Value {
  const ends = graph.node('Shape', [like], { start: 2 });
  return graph.node('Slice', [upsampleTwice(graph, x), graph.integers([0, 0]), ends, graph.integers([2, 3])]);
}
