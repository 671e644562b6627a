import { fromFloat8 } from '../../../checkpoint/half-floats.js';
import { tile, tiledSize } from '../../../checkpoint/packing/scaled.js';
import type { TensorLocation } from '../../../checkpoint/safetensors.js';
import type { Packing } from '../../../checkpoint/tensor-location.js';
import type { PackedStorage } from '../../graph.js';
import { elementsIn, type FilePart } from '../../graph.js';
import type { DecodingNodes } from './decoding-nodes.js';
import { hadamard } from './hadamard.js';

type Of<Kind extends Packing['kind']> = Extract<Packing, { kind: Kind }>;

/**
 * Adds the nodes that make float32 numbers of a packed weight.
 *
 * @param shape of all that lies there
 */
export function decodePacked(
  to: DecodingNodes,
  { packing, element }: PackedStorage,
  part: FilePart,
  shape: readonly number[],
): string {
  switch (packing.kind) {
    case 'scaled':
      return scaled(to, to.numbers(to.mount(part, element, shape)), packing, shape);
    case 'int4':
      return scaled(to, to.numbers(signedNibbles(to, part, shape)), packing, shape);
    case 'table':
      return fromTable(to, part, packing, elementsIn(shape));
    case 'mxfp8': {
      const scales = to.lookUp(to.floats(powersOfTwo), untiled(to, packing.scales, shape, 32));
      return inGroups(to, to.numbers(to.mount(part, element, shape)), scales, shape, 32);
    }
    case 'nvfp4': {
      const codes = to.lookUp(to.floats(e2m1), nibbles(to, part));
      const scales = to.lookUp(to.floats(e4m3), untiled(to, packing.scales, shape, 16));
      const all = to.add('Mul', [floatsAt(to, packing.scale, [1]), scales]);
      return inGroups(to, codes, all, shape, 16);
    }
  }
}

function scaled(
  to: DecodingNodes,
  numbers: string,
  { scale, divisor, rotation }: Omit<Of<'scaled'>, 'kind'>,
  shape: readonly number[],
): string {
  const count = elementsIn(scale.shape);
  const byRow = floatsAt(to, scale, [count, ...shape.slice(1).map(() => 1)]);
  const product = to.add('Mul', [numbers, byRow]);
  if (divisor !== undefined) return to.add('Div', [product, to.floats([divisor])]);
  if (rotation === undefined) return product;
  const stretches = to.reshape(product, [elementsIn(shape) / rotation, rotation]);
  return to.add('MatMul', [stretches, to.floats(hadamard(rotation), [rotation, rotation])]);
}

function fromTable(to: DecodingNodes, part: FilePart, packing: Of<'table'>, elements: number): string {
  const { table, absmax, blockSize, nested } = packing;
  const numbers = to.lookUp(floatsAt(to, table, [16]), nibbles(to, part));
  const blocks = elementsIn(absmax.shape);
  let scales: string;
  if (nested) {
    const codes = to.lookUp(floatsAt(to, nested.table, [256]), to.mount(absmax, 'uint8', [blocks]));
    const outer = elementsIn(nested.absmax.shape);
    const factors = floatsAt(to, nested.absmax, [outer, 1]);
    const product = to.add('Mul', [codes, repeated(to, factors, nested.blockSize, blocks)]);
    scales = to.add('Add', [product, to.floats([nested.offset])]);
  } else {
    scales = floatsAt(to, absmax, [blocks]);
  }
  const own = to.slice(numbers, 0, 0, elements);
  return to.add('Mul', [own, repeated(to, to.reshape(scales, [blocks, 1]), blockSize, elements)]);
}

/** Each number of a column `times` times, of all that the first `count`. */
function repeated(to: DecodingNodes, column: string, times: number, count: number): string {
  const wide = to.add('Expand', [column, to.integers([1, times])]);
  return to.slice(to.reshape(wide, [-1]), 0, 0, count);
}

/** Two numbers in each byte, the low one first: int8, of a shape. */
function signedNibbles(to: DecodingNodes, part: FilePart, shape: readonly number[]): string {
  const signed = (nibble: number) => (nibble < 8 ? nibble : nibble - 16);
  const pairs = Array.from({ length: 256 }, (_, byte) => [signed(byte & 15), signed(byte >> 4)]).flat();
  const bytes = to.mount(part, 'uint8', [part.length]);
  return to.reshape(to.lookUp(to.signedBytes(pairs, [256, 2]), bytes), shape);
}

/** Two codes in each byte, the high one first: uint8 [2 * bytes]. */
function nibbles(to: DecodingNodes, part: FilePart): string {
  const bytes = to.mount(part, 'uint8', [part.length, 1]);
  return to.reshape(to.bits(bytes, 0x0f, [4, 0]), [-1]);
}

/** A tensor of float32, whatever type it is stored in. */
export function floatsAt(to: DecodingNodes, location: TensorLocation, shape: readonly number[]): string {
  const types = { F32: 'float32', F16: 'float16', BF16: 'bfloat16', F64: 'float64' } as const;
  const type = types[location.dtype as keyof typeof types] ?? 'float32';
  return to.numbers(to.mount(location, type, shape));
}

/** Numbers times one scale for each group of inputs. */
function inGroups(
  to: DecodingNodes,
  numbers: string,
  scales: string,
  [rows = 1, columns = 1]: readonly number[],
  group: number,
): string {
  const groups = to.reshape(numbers, [rows, columns / group, group]);
  return to.add('Mul', [groups, to.reshape(scales, [rows, columns / group, 1])]);
}

/**
 * A matrix of bytes that lies in tiles as CUDA's matrix units read them: uint8 [rows, groups]. In each tile
 * of 128 rows and 4 groups the rows 0, 32, 64 and 96 lie side by side.
 */
function untiled(
  to: DecodingNodes,
  location: TensorLocation,
  [rows = 1, columns = 1]: readonly number[],
  group: number,
): string {
  const groups = columns / group;
  const [tiledRows, tiledGroups] = tiledSize(rows, groups);
  const quarter = tile.rows / 4;
  const tiles = to.mount(location, 'uint8', [
    ...[tiledRows / tile.rows, tiledGroups / tile.groups],
    ...[quarter, 4, tile.groups],
  ]);
  const turned = to.add('Transpose', [tiles], { perm: [0, 3, 2, 1, 4] });
  const whole = to.reshape(turned, [tiledRows, tiledGroups]);
  return to.slice(to.slice(whole, 0, 0, rows), 1, 0, groups);
}

/** What a nibble stands for as E2M1. */
const e2m1 = [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0, -0.5, -1, -1.5, -2, -3, -4, -6];
const e4m3 = Array.from({ length: 256 }, (_, code) => fromFloat8(code));
/** What a byte stands for as E8M0. */
const powersOfTwo = Array.from({ length: 256 }, (_, exponent) =>
  exponent === 255 ? Number.NaN : 2 ** (exponent - 127),
);
