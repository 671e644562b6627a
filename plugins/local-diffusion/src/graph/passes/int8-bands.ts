import { type Dimension, Formula, product, quotient } from '../dimension.js';
import type { GraphNode } from '../graph.js';
import { type Int8Nodes, int8Name } from './int8-nodes.js';

/** What a convolution reads for a pixel of its result. */
export interface Window {
  readonly kernel: number;
  /** Top, left, bottom, right. */
  readonly padding: readonly number[];
}

/**
 * In how many bands of rows an image is convolved, one after the other: the codes below all of a large image
 * are 600 MB at 512 pixels and 256 channels. An image that has been doubled n times has a multiple of 2^n
 * rows, whatever its size, and so as many bands of one size.
 */
export function bandsOf(height: Dimension, { kernel }: Window): number {
  if (kernel === 1) return 1;
  const coefficient = height instanceof Formula ? height.coefficient : 1;
  return [8, 4, 2].find((bands) => coefficient % bands === 0) ?? 1;
}

/**
 * Codes [batch, pixels of a band, kernel * kernel * channels] that each pixel of the result is made of. They
 * are gathered, rather than cut out of the image once an offset and joined: half of the memory, and all cores
 * take part.
 */
export function gatherOffsets(
  int8: Int8Nodes,
  [x, padded, codes]: readonly [string, string, string],
  [channels, window]: readonly [number, Window],
  band: number,
): readonly GraphNode[] {
  const { kernel, padding } = window;
  const [batch = 1, , height = 1, width = 1] = int8.shapeOf(x);
  const turned = `${padded}/int8 with channels last`;
  const own = `${codes}, band ${band}`;
  if (kernel === 1) return [int8.node('Identity', [turned], own, ['uint8', int8.shapeOf(turned)])];
  const offsets = kernel ** 2;
  const bands = bandsOf(height, window);
  const pixels = quotient(product([height, width]), bands)!;
  const places = int8Name(`places of ${kernel} by ${kernel} in ${height} by ${width} and ${padding}`);
  const gathered = ['uint8', [batch, pixels, offsets, channels]] as const;
  const joined = ['uint8', [batch, pixels, offsets * channels]] as const;
  return [
    ...int8.once(places, () => placesBelow(int8, [x, padded, places], kernel, bands)),
    ...int8.once(`${places}/band ${band}`, () => [
      int8.node('Gather', [places, int8Name(`integer ${band}`)], `${places}/band ${band}`, [
        'int64',
        [pixels, offsets],
      ]),
    ]),
    int8.node('Gather', [turned, `${places}/band ${band}`], `${own}, one by one`, gathered, { axis: 1 }),
    int8.node('Reshape', [`${own}, one by one`, int8.integers([0, -1, offsets * channels])], own, joined),
  ];
}

/**
 * Where the pixels below the kernel lie in the padded image, for each pixel of the result: [bands, pixels of
 * a band, kernel * kernel].
 */
function placesBelow(
  int8: Int8Nodes,
  [x, padded, places]: readonly [string, string, string],
  kernel: number,
  bands: number,
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
    int8.node('Reshape', [own('all'), int8.integers([bands, -1, kernel ** 2])], places, [
      'int64',
      [bands, quotient(product([height, width]), bands)!, kernel ** 2],
    ]),
  ];
}
