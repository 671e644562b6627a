import { invalidFiles } from '../invalid-files.js';
import type { TensorLocation } from '../safetensors.js';
import type { Packing } from '../tensor-location.js';

type Packed = TensorLocation & { readonly packing: Packing };

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/** Elements of a type that is read as they are, times one scale or one for each row. */
export function packScaled(
  name: string,
  location: TensorLocation,
  scale: TensorLocation,
  more: { readonly divisor?: number; readonly rotation?: number },
): Packed {
  requireRowScales(name, location, scale);
  if (more.rotation !== undefined) requireTurnable(name, location, more.rotation);
  return { ...location, packing: { kind: 'scaled', scale, ...more } };
}

/** A matrix of signed numbers of 4 bits, two in a byte, with a scale for each row, whose rows were turned. */
export function packInt4(
  name: string,
  location: TensorLocation,
  scale: TensorLocation,
  rotation: number,
): Packed {
  const packed = { ...location, shape: matrixOf(name, location, 2) };
  requireRowScales(name, packed, scale);
  requireTurnable(name, packed, rotation);
  return { ...packed, packing: { kind: 'int4', scale, rotation } };
}

function requireRowScales(name: string, { file, shape }: TensorLocation, scale: TensorLocation): void {
  const count = sizeOf(scale.shape);
  if (count === 1 || count === shape[0]) return;
  throw invalidFiles(
    `${file}: tensor "${name}" of the shape [${shape}] has ${count} scales, and not one for each row.`,
  );
}

function requireTurnable(name: string, { file, shape }: TensorLocation, rotation: number): void {
  if (isPowerOf4(rotation) && (shape.at(-1) ?? 0) % rotation === 0) return;
  throw invalidFiles(
    `${file}: the rows of tensor "${name}", [${shape}], cannot have been turned in stretches of ${rotation}.`,
  );
}

const isPowerOf4 = (size: number): boolean => Number.isInteger(Math.log2(size) / 2) && size >= 4;

/** A matrix of E4M3 whose scales, for 32 inputs each, lie in tiles. */
export function packMxfp8(name: string, location: TensorLocation, scales: TensorLocation): Packed {
  const [rows, columns] = matrixOf(name, location, 1);
  requireTiles(name, location, scales, rows, columns / 32);
  return { ...location, packing: { kind: 'mxfp8', scales } };
}

/** A matrix of E2M1, two in a byte, whose scales, for 16 inputs each, lie in tiles. */
export function packNvfp4(
  name: string,
  location: TensorLocation,
  scales: TensorLocation,
  scale: TensorLocation,
): Packed {
  const [rows, columns] = matrixOf(name, location, 2);
  requireTiles(name, location, scales, rows, columns / 16);
  if (sizeOf(scale.shape) !== 1) throw invalidFiles(`${location.file}: "${name}_scale_2" is not one number.`);
  return { ...location, shape: [rows, columns], packing: { kind: 'nvfp4', scales, scale } };
}

function matrixOf(name: string, { file, shape }: TensorLocation, inOneByte: number): [number, number] {
  const [rows, columns, ...others] = shape;
  if (rows === undefined || columns === undefined || others.length > 0)
    throw invalidFiles(`${file}: tensor "${name}" of the shape [${shape}] is no matrix.`);
  return [rows, columns * inOneByte];
}

/** The size of a tile: rows, and groups of inputs. */
export const tile = { rows: 128, groups: 4 } as const;

/** Rows and groups of a matrix of scales as it lies in tiles. */
export const tiledSize = (rows: number, groups: number): [number, number] => [
  Math.ceil(rows / tile.rows) * tile.rows,
  Math.ceil(groups / tile.groups) * tile.groups,
];

function requireTiles(
  name: string,
  { file }: TensorLocation,
  scales: TensorLocation,
  rows: number,
  groups: number,
): void {
  const [tiledRows, tiledGroups] = tiledSize(rows, groups);
  if (Number.isInteger(groups) && sizeOf(scales.shape) === tiledRows * tiledGroups) return;
  throw invalidFiles(
    `${file}: the scales of tensor "${name}" have the shape [${scales.shape}], and not [${tiledRows},${tiledGroups}].`,
  );
}
