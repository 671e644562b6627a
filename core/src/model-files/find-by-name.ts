import { readdir } from 'node:fs/promises';
import { parse, relative, sep } from 'node:path';
import { type ModelFiles, requestedFile } from './requested-file.js';

/** Files of tensors; what lies beside them with the same name is an image or a note. */
export const extension = /\.(safetensors|sft)$/i;

/**
 * Finds files as prompts name them: a model by its id, a path below one of the model folders, or the name of
 * a file in any folder there, with its extension or without, in small letters or capitals.
 *
 * @returns for a name the absolute paths of all that are called so, the nearest match first
 */
export function findByName(files: ModelFiles): (name: string) => Promise<readonly string[]> {
  let listed: Promise<readonly string[]> | undefined;
  return async (name) => {
    const exact = await requestedFile(name, files);
    if (exact !== undefined) return [exact];
    listed ??= listTensorFiles(files.folders);
    const all = await listed;
    const same = all.filter((path) => namesOf(path).includes(name));
    const similar = all.filter((path) =>
      namesOf(path).some((own) => own.toLowerCase() === name.toLowerCase()),
    );
    const found = await Promise.all(
      [...new Set([...same, ...similar])].map((path) => requestedFile(path, files)),
    );
    return [...new Set(found.filter((path) => path !== undefined))];
  };
}

/**
 * What a file below a folder is called: its name, and its path there, each with its extension and without.
 */
function namesOf(path: string): string[] {
  const { name, base } = parse(path);
  const way = path.split(sep).join('/');
  return [name, base, way, way.replace(extension, '')];
}

/** Paths below the folders, in the order of their names. A folder that cannot be read has none. */
export async function listTensorFiles(folders: readonly string[]): Promise<string[]> {
  const lists = folders.map(async (folder) => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
    return entries
      .filter((entry) => !entry.isDirectory() && extension.test(entry.name))
      .map(({ parentPath, name }) => relative(folder, `${parentPath}${sep}${name}`))
      .sort();
  });
  return (await Promise.all(lists)).flat();
}
