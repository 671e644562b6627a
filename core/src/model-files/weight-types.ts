import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { HeaderTensor } from './gguf-header.js';
import { readTensorHeader } from './tensor-header.js';

/** Types with a smaller share of the weights are those of norms, tables and scales. */
const smallestShare = 0.05;

/** Formats that lie in plain bytes, told by the names of what lies beside them. */
const packedFormats: readonly (readonly [mark: string, name: string])[] = [
  ['.quant_state.bitsandbytes__nf4', 'nf4'],
  ['.quant_state.bitsandbytes__fp4', 'fp4'],
  ['.weight_scale_2', 'nvfp4'],
];

/**
 * What most weights of a model are stored in, the most frequent first: `Q4_K`, `F16`, `F8_E4M3`; of bytes
 * that hold several weights the format where their names tell it, else `U8`.
 */
export function weightTypesOf(tensors: readonly HeaderTensor[]): string[] {
  const counts = new Map<string, number>();
  for (const { type, elements } of tensors) counts.set(type, (counts.get(type) ?? 0) + elements);
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const packed = packedFormats.find(([mark]) => tensors.some(({ name }) => name.includes(mark)))?.[1];
  return [...counts]
    .filter(([, count]) => count > 0 && count >= smallestShare * all)
    .sort(([, one], [, other]) => other - one)
    .map(([type]) => (type === 'U8' && packed ? packed : type));
}

/** Of all files of tensors in a folder in diffusers' layout. Files that cannot be read are left out. */
export async function weightTypesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const files = entries.filter(({ name }) => /\.(safetensors|gguf)$/i.test(name));
  const headers = files.map(({ parentPath, name }) => readTensorHeader(join(parentPath, name)));
  const read = await Promise.allSettled(headers);
  return weightTypesOf(read.flatMap((each) => (each.status === 'fulfilled' ? each.value : [])));
}
