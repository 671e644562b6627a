import type { TensorLocation } from '../../checkpoint/safetensors.js';
import type { Tensors } from '../single-file-layout.js';

/** Those whose names begin with `prefix`, by the rest of their names. */
export function withPrefix(tensors: Tensors, prefix: string): Tensors {
  const entries = [...tensors].filter(([name]) => name.startsWith(prefix));
  return new Map(entries.map(([name, location]) => [name.slice(prefix.length), location]));
}

/** Those that `pathOf` has a path for, by that path. */
export function renamed(tensors: Tensors, pathOf: (name: string) => string | undefined): Tensors {
  const entries = [...tensors].map(([name, location]) => [pathOf(name), location] as const);
  return new Map(entries.filter((entry): entry is [string, TensorLocation] => entry[0] !== undefined));
}

/** Components that have any tensors at all. */
export const present = (components: Readonly<Record<string, Tensors>>): ReadonlyMap<string, Tensors> =>
  new Map(Object.entries(components).filter(([, { size }]) => size > 0));
