import { type Dimension, product, sum } from '../dimension.js';
import type { Attributes, GraphNode } from '../graph.js';
import { elementTypes } from '../onnx/element-types.js';
import { type Int8Nodes, int8Name } from './int8-nodes.js';

interface Window {
  readonly kernel: number;
  /** Top, left, bottom, right. */
  readonly padding: readonly number[];
}

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
  const last = ['float32', [batch, pixels, count]] as const;
  const row = ['float32', [batch, 1, count]] as const;
  const padded = window.padding.some((edge) => edge > 0) ? `${x}/padded by ${window.padding}` : x;
  const codes = `${padded}/int8 of ${window.kernel} by ${window.kernel}`;
  return [
    // First: x need not be kept until its size is asked for.
    ...int8.once(`${x}/int8 size`, () => [
      int8.node('Shape', [x], `${x}/int8 size`, ['int64', [2]], { start: 2 }),
    ]),
    ...int8.once(padded, () => quantiseImages(int8, x, padded, window.padding)),
    ...int8.once(codes, () => gatherOffsets(int8, [x, padded, codes], [channels, window])),
    ...int8.once(weight, () => quantiseKernel(int8, weight, [count, channels], window.kernel)),
    int8.product(codes, weight, own('product'), last[1]),
    int8.node('Mul', [own('product'), `${padded}/int8 scale`], own('scaled'), last),
    int8.node('Mul', [`${padded}/int8 offset`, `${weight}/int8 sums`], own('shift'), row),
    ...(bias ? [int8.node('Add', [own('shift'), bias], own('bias'), row)] : []),
    int8.node('Add', [own('scaled'), own(bias ? 'bias' : 'shift')], own('sum'), last),
    int8.node('Transpose', [own('sum')], own('with channels first'), ['float32', [batch, count, pixels]], {
      perm: [0, 2, 1],
    }),
    int8.node('Concat', [int8.integers([0, -1]), `${x}/int8 size`], own('shape'), ['int64', [4]], {
      axis: 0,
    }),
    int8.node('Reshape', [own('with channels first'), own('shape')], result, [
      'float32',
      [batch, count, height, width],
    ]),
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

/**
 * Codes [batch, height * width, kernel * kernel * channels] that each pixel of the result is made of. They
 * are gathered, rather than cut out of the image once an offset and joined: half of the memory, and all cores
 * take part.
 */
function gatherOffsets(
  int8: Int8Nodes,
  [x, padded, codes]: readonly [string, string, string],
  [channels, { kernel, padding }]: readonly [number, Window],
): readonly GraphNode[] {
  const [batch = 1, , height = 1, width = 1] = int8.shapeOf(x);
  const turned = `${padded}/int8 with channels last`;
  if (kernel === 1) return [int8.node('Identity', [turned], codes, ['uint8', int8.shapeOf(turned)])];
  const offsets = kernel ** 2;
  const pixels = product([height, width]);
  const places = int8Name(`places of ${kernel} by ${kernel} in ${height} by ${width} and ${padding}`);
  const gathered = ['uint8', [batch, product([pixels, offsets]), channels]] as const;
  const joined = ['uint8', [batch, pixels, offsets * channels]] as const;
  return [
    ...int8.once(places, () => placesBelow(int8, [x, padded, places], kernel)),
    int8.node('Gather', [turned, places], `${codes}, one by one`, gathered, { axis: 1 }),
    int8.node('Reshape', [`${codes}, one by one`, int8.integers([0, -1, offsets * channels])], codes, joined),
  ];
}

/** Where the pixels below the kernel lie in the padded image, for each pixel of the result. */
function placesBelow(
  int8: Int8Nodes,
  [x, padded, places]: readonly [string, string, string],
  kernel: number,
): readonly GraphNode[] {
  const [, , height = 1, width = 1] = int8.shapeOf(x);
  const own = (what: string) => `${places}/${what}`;
  const size = (of: string, axis: number, name: string) => [
    int8.node('Shape', [of], own(`${name} as a vector`), ['int64', [1]], { start: axis, end: axis + 1 }),
    int8.node('Reshape', [own(`${name} as a vector`), int8.integers([])], own(name), ['int64', []]),
  ];
  const edge = Array.from({ length: kernel }, (_, index) => index);
  const [rowOffsets, columnOffsets] = [edge.flatMap((row) => edge.map(() => row)), edge.flatMap(() => edge)];
  const steps = [int8Name('integer 0'), int8Name('integer 1')] as const;
  const counted = (name: string, length: Dimension, shape: readonly number[]) => [
    int8.node('Range', [steps[0], own(name), steps[1]], own(`each of ${name}`), ['int64', [length]]),
    int8.node('Reshape', [own(`each of ${name}`), int8.integers(shape)], own(`${name} spread`), [
      'int64',
      shape.map((each) => (each === -1 ? length : each)),
    ]),
  ];
  const below = ['int64', [kernel ** 2]] as const;
  return [
    ...size(x, 2, 'rows'),
    ...size(x, 3, 'columns'),
    ...size(padded, 3, 'pitch'),
    ...counted('rows', height, [-1, 1, 1]),
    ...counted('columns', width, [-1, 1]),
    int8.node('Mul', [int8.integers(rowOffsets), own('pitch')], own('rows below'), below),
    int8.node('Add', [own('rows below'), int8.integers(columnOffsets)], own('below'), below),
    int8.node('Mul', [own('rows spread'), own('pitch')], own('starts'), ['int64', [height, 1, 1]]),
    int8.node('Add', [own('columns spread'), own('below')], own('in a row'), ['int64', [width, kernel ** 2]]),
    int8.node('Add', [own('starts'), own('in a row')], own('all'), ['int64', [height, width, kernel ** 2]]),
    int8.node('Reshape', [own('all'), int8.integers([-1])], places, [
      'int64',
      [product([height, width, kernel ** 2])],
    ]),
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
