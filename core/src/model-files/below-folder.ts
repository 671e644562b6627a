import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { modelIndexName } from './model-index.js';

const tensorFile = /\.(safetensors|sft|gguf)$/i;
/** Folders below one another; deeper ones are no folders of models. */
const greatestDepth = 8;

/**
 * The files of tensors below a folder, and the folders in diffusers' layout, whose own files are not listed;
 * absolute, in the order of their names. Empty for such a folder itself, and for what is no folder.
 */
export async function modelFilesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  if (entries.some(({ name }) => name === modelIndexName)) return [];
  return await listBelow(folder, greatestDepth);
}

async function listBelow(folder: string, depth: number): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  if (entries.some(({ name }) => name === modelIndexName)) return [folder];
  const stems = entries.flatMap(({ name }) => (tensorFile.test(name) ? name.replace(tensorFile, '') : []));
  const isConfigFolder = (name: string) => stems.includes(name);
  const found: string[] = [];
  for (const entry of entries.sort((one, other) => (one.name < other.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    // A folder with the name of a file has configs of it.
    if (entry.name.startsWith('.') || (entry.isDirectory() && isConfigFolder(entry.name))) continue;
    if (entry.isDirectory()) found.push(...(depth > 0 ? await listBelow(path, depth - 1) : []));
    else if (tensorFile.test(entry.name)) found.push(path);
  }
  return found;
}
