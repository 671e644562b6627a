import type { Packing } from '../../../checkpoint/tensor-location.js';
import { elementBytes, elementsIn, type FilePart, type PackedStorage } from '../../graph.js';
import type { DecodingNodes } from './decoding-nodes.js';
import { hadamard } from './hadamard.js';
import { floatsAt } from './packings.js';

/**
 * Adds the nodes that make a float32 matrix, under a name, of some rows of 8-bit numbers with one scale or
 * one for each row. Only those rows are read, and one operator makes all of them, so that a run needs little
 * memory for it.
 */
export function addScaled(
  to: DecodingNodes,
  name: string,
  { element, rows: { first, wholeShape } }: PackedStorage,
  { scale, divisor, rotation }: Extract<Packing, { kind: 'scaled' }>,
  { file, offset }: FilePart,
  shape: readonly number[],
): void {
  const [rows = 1, columns = 1] = shape;
  const rowBytes = columns * elementBytes[element];
  const part = { file, offset: offset + first * rowBytes, length: rows * rowBytes };
  const numbers = to.mount(part, element, shape);
  const isOfRows = elementsIn(scale.shape) > 1;
  const all = floatsAt(to, scale, isOfRows ? [wholeShape[0]!] : []);
  const own = isOfRows && rows !== wholeShape[0] ? to.slice(all, 0, first, first + rows) : all;
  const scales = divisor === undefined ? own : to.add('Div', [own, to.floats([divisor], [])]);
  if (rotation === undefined) {
    to.addAs(name, 'DequantizeLinear', [numbers, scales], { axis: 0 });
    return;
  }
  const turned = to.add('DequantizeLinear', [numbers, scales], { axis: 0 });
  const stretches = to.reshape(turned, [(rows * columns) / rotation, rotation]);
  const product = to.add('MatMul', [stretches, to.floats(hadamard(rotation), [rotation, rotation])]);
  to.addAs(name, 'Reshape', [product, to.integers(shape)]);
}
