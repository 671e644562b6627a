import type { TensorLocation } from '../../checkpoint/safetensors.js';
import { rowParts } from '../components/row-parts.js';
import type { Tensors } from '../single-file-layout.js';

const layers: readonly (readonly [RegExp, string])[] = [
  [/^x_embedder\./, 'all_x_embedder.2-1.'],
  [/^final_layer\./, 'all_final_layer.2-1.'],
  [/\.attention\.out\./, '.attention.to_out.0.'],
  [/\.attention\.q_norm\./, '.attention.norm_q.'],
  [/\.attention\.k_norm\./, '.attention.norm_k.'],
];

/** A path with Z-Image's original names under that of diffusers. */
export const zImagePathOf = (name: string): string =>
  layers.reduce((path, [pattern, own]) => path.replace(pattern, own), name);

/**
 * The transformer of a file with Z-Image's original names, or with diffusers' already, under the names of
 * diffusers.
 */
export function zImageTensors(tensors: Tensors): Tensors {
  const renamed = new Map<string, TensorLocation>();
  for (const [name, location] of tensors) {
    // A norm that no block reads.
    if (name === 'norm_final.weight') continue;
    const [, block, kind] = /^(.+\.attention)\.qkv\.(.+)$/.exec(name) ?? [];
    if (block === undefined) {
      renamed.set(zImagePathOf(name), location);
      continue;
    }
    for (const [index, part] of rowParts(location, [1, 1, 1]).entries())
      renamed.set(`${block}.${['to_q', 'to_k', 'to_v'][index]}.${kind}`, part);
  }
  return renamed;
}
