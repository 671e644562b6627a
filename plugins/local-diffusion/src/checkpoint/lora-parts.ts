import { type LoraLayer, sizeOfChange } from './lora-layer.js';
import type { TensorLocation } from './safetensors.js';

/** The layers of a network that a tensor of a checkpoint lies in, by the names of their weights. */
export type Parts = (weight: TensorLocation) => ReadonlyMap<string, TensorLocation>;

/**
 * Shares a change of a layer out to the layers of which it is made, such as one of query, key and value
 * together: each gets the rows of the change that the checkpoint keeps its weight in.
 *
 * @param partsOf for the weight of the whole layer
 * @returns by path; empty where this kind of change cannot be divided
 */
export function shareOut(layer: LoraLayer, partsOf: Parts): ReadonlyMap<string, LoraLayer> {
  const { change, magnitude, bias } = layer;
  const only = onlyPart(layer, partsOf);
  if (only !== undefined) return new Map([[only, layer]]);
  if (magnitude) return new Map();
  const biases = bias && byPath(partsOf(bias));
  const shared = (path: string): LoraLayer => ({ ...layer, bias: biases?.get(path) });
  if (!change) return new Map([...(biases ?? [])].map(([path]) => [path, shared(path)]));
  if (change.kind === 'low-rank') {
    const { product } = change;
    if (product.isLeftTransposed || product.core) return new Map();
    const lefts = [...byPath(partsOf(product.left))];
    return new Map(
      lefts.map(([path, left]) => [
        path,
        { ...shared(path), change: { ...change, product: { ...product, left } } },
      ]),
    );
  }
  if (change.kind === 'difference') {
    const differences = [...byPath(partsOf(change.difference))];
    return new Map(
      differences.map(([path, difference]) => [path, { ...shared(path), change: { ...change, difference } }]),
    );
  }
  return new Map();
}

/**
 * The layer that a weight of so many rows is, where it is one, in the same order; undefined where it is
 * several.
 */
function onlyPart({ change, bias }: LoraLayer, partsOf: Parts): string | undefined {
  const rows = (change && sizeOfChange(change)[0]) ?? bias?.shape[0];
  const column = { dtype: 'F32', file: 'LoRA', offset: 0 } as const;
  // Where the change says nothing of the rows, a number that all layers can be divided into.
  const count = rows ?? 84;
  const parts = [...byPath(partsOf({ ...column, shape: [count], length: 4 * count }))];
  const [[path, part] = []] = parts;
  return parts.length === 1 && part?.shape[0] === count && !part.halvesSwapped ? path : undefined;
}

const byPath = (parts: ReadonlyMap<string, TensorLocation>): ReadonlyMap<string, TensorLocation> =>
  new Map([...parts].map(([name, location]) => [name.replace(/\.weight$/, ''), location]));
