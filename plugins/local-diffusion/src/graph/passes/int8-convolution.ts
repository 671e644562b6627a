import { product, quotient, sum } from '../dimension.js';
import type { Attributes, GraphNode } from '../graph.js';
import { elementTypes } from '../onnx/element-types.js';
import { bandsOf, gatherOffsets, type Window } from './int8-bands.js';
import { type Int8Nodes, int8Name } from './int8-nodes.js';

/**
 * Undefined for a convolution that is not computed in int8: one that changes the size of the image, or of
 * another form than our blocks write. Above all one with a stride. Those halve the image, cost little, and
 * read what no norm has gone over: one of them alone makes half of the deviation of the bundled model.
 */
export function windowOf(attributes: Attributes): Window | undefined {
  const { kernel_shape: edges, strides, pads, ...others } = attributes;
  if (!Array.isArray(edges) || !Array.isArray(strides) || !Array.isArray(pads)) return undefined;
  const [kernel = 1] = edges;
  const isPlain =
    edges.length === 2 &&
    edges[1] === kernel &&
    strides.every((each) => each === 1) &&
    [0, 1].every((axis) => pads[axis]! + pads[axis + 2]! === kernel - 1);
  return isPlain && Object.keys(others).length === 0 ? { kernel, padding: pads } : undefined;
}

/**
 * In place of a Conv of x [batch, channels, height, width]: x is quantised by image, so that an image does
 * not depend on the others of its batch, and put with the channels last. What lies below the kernel are the
 * codes at its offsets, joined, and the convolution is one product of them.
 *
 * An image's codes go from its least number to its largest: behind an activation function hardly anything is
 * below 0. Its code of 0 goes into the bias, by the sums of the weights.
 */
export function convolutionInInt8(
  int8: Int8Nodes,
  { inputs, outputs }: GraphNode,
  [count = 1, channels = 1]: readonly number[],
  window: Window,
): readonly GraphNode[] {
  const [x = '', weight = '', bias] = inputs;
  const [result = ''] = outputs;
  const [batch = 1, , height = 1, width = 1] = int8.shapeOf(x);
  const pixels = product([height, width]);
  const own = (what: string) => `${result}/int8 ${what}`;
  const row = ['float32', [batch, 1, count]] as const;
  const padded = window.padding.some((edge) => edge > 0) ? `${x}/padded by ${window.padding}` : x;
  const codes = `${padded}/int8 of ${window.kernel} by ${window.kernel}`;
  const bands = bandsOf(height, window);
  const band = ['float32', [batch, quotient(pixels, bands)!, count]] as const;
  const whole = own('with channels first');
  const convolved = bands === 1 ? [whole] : Array.from({ length: bands }, (_, index) => own(`band ${index}`));
  return [
    // First: x need not be kept until its size is asked for.
    ...int8.once(`${x}/int8 size`, () => [
      int8.node('Shape', [x], `${x}/int8 size`, ['int64', [2]], { start: 2 }),
    ]),
    ...int8.once(padded, () => quantiseImages(int8, x, padded, window.padding)),
    ...int8.once(weight, () => quantiseKernel(int8, weight, [count, channels], window.kernel)),
    int8.node('Mul', [`${padded}/int8 offset`, `${weight}/int8 sums`], own('shift'), row),
    ...(bias ? [int8.node('Add', [own('shift'), bias], own('bias'), row)] : []),
    ...convolved.flatMap((output, index) => [
      ...int8.once(`${codes}, band ${index}`, () =>
        gatherOffsets(int8, [x, padded, codes], [channels, window], index),
      ),
      int8.product(`${codes}, band ${index}`, weight, `${output} product`, band[1]),
      int8.node('Mul', [`${output} product`, `${padded}/int8 scale`], `${output} scaled`, band),
      int8.node('Add', [`${output} scaled`, own(bias ? 'bias' : 'shift')], `${output} sum`, band),
      int8.node('Transpose', [`${output} sum`], output, ['float32', [batch, count, band[1][1]]], {
        perm: [0, 2, 1],
      }),
    ]),
    ...(bands === 1
      ? []
      : [int8.node('Concat', convolved, whole, ['float32', [batch, count, pixels]], { axis: 2 })]),
    int8.node('Concat', [int8.integers([0, -1]), `${x}/int8 size`], own('shape'), ['int64', [4]], {
      axis: 0,
    }),
    int8.node('Reshape', [whole, own('shape')], result, ['float32', [batch, count, height, width]]),
  ];
}

/** Codes of x with the channels last; their scales and what is to be added for the code of 0. */
function quantiseImages(
  int8: Int8Nodes,
  x: string,
  padded: string,
  [top = 0, left = 0, bottom = 0, right = 0]: readonly number[],
): readonly GraphNode[] {
  const [batch = 1, channels = 1, plainHeight = 1, plainWidth = 1] = int8.shapeOf(x);
  const [height, width] = [sum([plainHeight, top + bottom]), sum([plainWidth, left + right])];
  const own = (what: string) => `${padded}/int8 ${what}`;
  const each = ['float32', [batch, 1, 1]] as const;
  const planes = ['float32', [batch, channels, 1]] as const;
  const flat = [batch, channels, product([height, width])] as const;
  const pads = int8.integers([0, 0, top, left, 0, 0, bottom, right]);
  const extreme = (operator: 'Max' | 'Min') => [
    // In two steps: the first is shared by all cores.
    int8.node(`Reduce${operator}`, [own('flat'), int8.integers([2])], own(`${operator} of planes`), planes),
    int8.node(
      `Reduce${operator}`,
      [own(`${operator} of planes`), int8.integers([1])],
      own(`${operator}`),
      each,
    ),
    int8.node(operator, [own(operator), int8Name('zero')], own(`${operator} with 0`), each),
  ];
  return [
    ...(padded === x
      ? []
      : [int8.node('Pad', [x, pads], padded, ['float32', [batch, channels, height, width]])]),
    int8.node('Reshape', [padded, int8.integers([0, 0, -1])], own('flat'), ['float32', flat]),
    ...extreme('Max'),
    ...extreme('Min'),
    int8.node('Sub', [own('Max with 0'), own('Min with 0')], own('range'), each),
    int8.node('Mul', [own('range'), int8Name('unsigned step')], own('step'), each),
    int8.node('Max', [own('step'), int8Name('least')], own('scale'), each),
    int8.node('Div', [own('Min with 0'), own('scale')], own('least code'), each),
    int8.node('Neg', [own('least code')], own('code of 0'), each),
    int8.node('Round', [own('code of 0')], own('zero code'), each),
    int8.node('Sub', [int8Name('zero code'), own('zero code')], own('distance'), each),
    int8.node('Mul', [own('distance'), own('scale')], own('offset'), each),
    int8.node('Reshape', [own('scale'), int8.integers([-1])], own('scales'), ['float32', [batch]]),
    int8.node('Reshape', [own('zero code'), int8.integers([-1])], own('zero codes'), ['float32', [batch]]),
    int8.node('Cast', [own('zero codes')], own('zero points'), ['uint8', [batch]], {
      to: elementTypes.uint8,
    }),
    int8.node(
      'QuantizeLinear',
      [own('flat'), own('scales'), own('zero points')],
      own('codes'),
      ['uint8', flat],
      { axis: 0 },
    ),
    int8.node('Transpose', [own('codes')], own('with channels last'), ['uint8', [batch, flat[2], channels]], {
      perm: [0, 2, 1],
    }),
  ];
}

/** Of a weight [count, channels, kernel, kernel]: the order of its rows is that of the joined codes. */
function quantiseKernel(
  int8: Int8Nodes,
  weight: string,
  [count, channels]: readonly [number, number],
  kernel: number,
): readonly GraphNode[] {
  const width = channels * kernel ** 2;
  const own = (what: string) => `${weight}/int8 ${what}`;
  return int8.quantiseWeight(weight, [count, width], (rounded, turned) => [
    int8.node('ReduceSum', [rounded, int8.integers([1])], own('sums of codes'), ['float32', [count, 1]]),
    int8.node('Reshape', [own('sums of codes'), int8.integers([-1])], own('code sums'), ['float32', [count]]),
    int8.node('Mul', [own('code sums'), own('scales')], own('sums'), ['float32', [count]]),
    int8.node('Reshape', [rounded, int8.integers([count, channels, kernel, kernel])], own('kernels'), [
      'float32',
      [count, channels, kernel, kernel],
    ]),
    int8.node(
      'Transpose',
      [own('kernels')],
      own('kernels turned'),
      ['float32', [kernel, kernel, channels, count]],
      { perm: [2, 3, 1, 0] },
    ),
    int8.node('Reshape', [own('kernels turned'), int8.integers([width, count])], turned, [
      'float32',
      [width, count],
    ]),
  ]);
}
