import { access, readdir } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { type Component, openComponent } from '../checkpoint/component.js';
import { invalidFiles } from '../checkpoint/invalid-files.js';
import { withPackings } from '../checkpoint/packing/packed-tensors.js';
import { isTensorFileName, readTensorFile } from '../checkpoint/tensor-file.js';
import type { CompanionFile, Tensors } from '../families/single-file-layout.js';

/** A part of a model that lies in a file beside that of its denoising network. */
export interface Companion {
  /** Of its file, or of the component's folder. */
  readonly path: string;
  readonly tensors: Tensors;
  /** A sentence for the user where there was a choice. */
  readonly warning?: string;
}

/**
 * Looks for the file of a part that a checkpoint lacks: beside it, and in the folders that programs keep such
 * files in. Of several that are called so those count that go with the denoising network.
 *
 * @param denoiser tensors of the checkpoint's denoising network
 * @returns undefined where there is none
 * @throws ERR_MODEL_FILES_INVALID where all that are called so cannot be read, are of something else, or
 * belong to other models
 */
export async function findCompanion(
  path: string,
  wanted: CompanionFile,
  denoiser: Tensors,
): Promise<Companion | undefined> {
  const failures: Error[] = [];
  for (const folder of await foldersOf(path, wanted)) {
    const names = await readdir(folder).catch((): string[] => []);
    const found: Companion[] = [];
    for (const name of names.filter((each) => isFile(each, wanted)).sort()) {
      const file = join(folder, name);
      if (file === path) continue;
      await openCompanion(file, wanted, denoiser).then(
        (companion) => found.push(companion),
        (error: Error) => failures.push(error),
      );
    }
    const [first] = found;
    if (!first) continue;
    const choice = `${found.length} files in ${folder} may go with ${basename(path)}: ${basename(first.path)} was taken.`;
    return { ...first, ...(found.length > 1 && { warning: choice }) };
  }
  if (failures[0]) throw failures[0];
  return undefined;
}

/** Its own, and those that are called so beside it and beside its own; Forge has `VAE` where ComfyUI has `vae`. */
async function foldersOf(path: string, { folders }: CompanionFile): Promise<string[]> {
  const own = dirname(path);
  const found = [own];
  for (const parent of [own, dirname(own)]) {
    const names = await readdir(parent).catch((): string[] => []);
    for (const folder of folders)
      found.push(...names.filter((name) => name.toLowerCase() === folder).map((name) => join(parent, name)));
  }
  return found;
}

async function openCompanion(file: string, wanted: CompanionFile, denoiser: Tensors): Promise<Companion> {
  const tensors = wanted.componentOf(await withPackings(file, await readTensorFile(file)));
  if (tensors.size === 0)
    throw invalidFiles(`${file} is called like ${wanted.example}, and has no tensors of such a file.`);
  const misfit = wanted.misfitOf?.(tensors, denoiser);
  if (misfit !== undefined) {
    throw invalidFiles(
      `${file} is called like ${wanted.example}, and ${misfit}.`,
      `Put the one that belongs to the model into the same folder.`,
    );
  }
  return { path: file, tensors };
}

const isFile = (name: string, { fileName }: CompanionFile): boolean =>
  isTensorFileName(name) && fileName.test(basename(name, extname(name)));

/** The same component in a folder of configs that is a whole checkpoint. */
export async function componentOfFolder(
  folder: string | undefined,
  name: string,
): Promise<Component | undefined> {
  if (folder === undefined) return undefined;
  const path = join(folder, name);
  const names = await readdir(path).catch((): string[] => []);
  return names.some((each) => each.endsWith('.safetensors')) ? await openComponent(path) : undefined;
}

/** Files that T5's tokenizer is read from. */
const tokenizerFiles = ['tokenizer.json', 'spiece.model'];

/**
 * The folder of a tokenizer that belongs to a companion: the folder of its name without extension, or its
 * own.
 *
 * @throws ERR_MODEL_FILES_INVALID saying where to put it
 */
export async function tokenizerOfCompanion(path: string, companion: string | undefined): Promise<string> {
  const files = [companion, path].filter((each) => each !== undefined);
  const folders = files.flatMap((file) => [
    join(dirname(file), basename(file, extname(file))),
    join(dirname(file), 'tokenizer'),
    dirname(file),
  ]);
  for (const folder of folders) {
    for (const name of tokenizerFiles) {
      const isThere = await access(join(folder, name)).then(
        () => true,
        () => false,
      );
      if (isThere) return folder;
    }
  }
  throw invalidFiles(
    `${path}: T5's tokenizer is missing, which no file of weights has.`,
    `Put tokenizer.json or spiece.model of "google/t5-v1_1-xxl" into ${folders[0]}.`,
  );
}
