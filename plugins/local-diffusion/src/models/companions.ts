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
 * Looks for a part that a checkpoint lacks: a file beside it or in the folders that programs keep such files
 * in, or a folder with its config as InvokeAI keeps it. Of several files that are called so those count that
 * go with the denoising network; where none does, one of any name that is such a part.
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
  const folders = await foldersOf(path, wanted);
  const openAll = async (paths: readonly string[], told: (error: Error) => void) => {
    const found: Companion[] = [];
    for (const each of paths.filter((each) => each !== path))
      await openCompanion(each, wanted, denoiser).then((companion) => found.push(companion), told);
    return found;
  };
  for (const folder of folders) {
    const found = await openAll(await filesIn(folder, wanted.fileName), (error) => failures.push(error));
    const [first] = found;
    if (!first) continue;
    const choice = `${found.length} files in ${folder} may go with ${basename(path)}: ${basename(first.path)} was taken.`;
    return { ...first, ...(found.length > 1 && { warning: choice }) };
  }
  for (const folder of folders.slice(1)) {
    const [first] = await openAll(await componentsIn(folder), () => {});
    if (first) return first;
  }
  for (const folder of wanted.misfitOf ? folders.slice(1) : []) {
    const [first] = await openAll(await filesIn(folder, /./), () => {});
    const choice = `No file in ${folder} is called like ${wanted.example}: ${first && basename(first.path)} was taken, by its tensors.`;
    if (first) return { ...first, warning: choice };
  }
  if (failures[0]) throw failures[0];
  return undefined;
}

/**
 * Its own, and those that are called so beside it and beside its own; Forge has `VAE` where ComfyUI has `vae`.
 * InvokeAI has folders of each kind for each family, and in `any` for all.
 */
async function foldersOf(path: string, { folders }: CompanionFile): Promise<string[]> {
  const own = dirname(path);
  const found = [own];
  for (const parent of [own, dirname(own), join(dirname(dirname(own)), 'any')]) {
    const names = await readdir(parent).catch((): string[] => []);
    for (const folder of folders)
      found.push(...names.filter((name) => name.toLowerCase() === folder).map((name) => join(parent, name)));
  }
  return found;
}

async function filesIn(folder: string, fileName: RegExp): Promise<string[]> {
  const names = await readdir(folder).catch((): string[] => []);
  return names
    .filter((name) => isTensorFileName(name) && fileName.test(basename(name, extname(name))))
    .sort()
    .map((name) => join(folder, name));
}

/** The folders with a config below a folder, and one level below those. */
async function componentsIn(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const model of await foldersIn(folder)) {
    for (const each of [model, ...(await foldersIn(model))])
      if (await isThere(join(each, 'config.json'))) found.push(each);
  }
  return found;
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .map(({ name }) => join(folder, name))
    .sort();
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** @param path of a file, or of the folder of a component */
async function openCompanion(path: string, wanted: CompanionFile, denoiser: Tensors): Promise<Companion> {
  const given = isTensorFileName(path)
    ? await withPackings(path, await readTensorFile(path))
    : (await openComponent(path)).tensors;
  const tensors = wanted.componentOf(given);
  if (!wanted.marks.some((mark) => tensors.has(mark)))
    throw invalidFiles(`${path} is called like ${wanted.example}, and has no tensors of such a file.`);
  const misfit = wanted.misfitOf?.(tensors, denoiser);
  if (misfit !== undefined) {
    throw invalidFiles(
      `${path} is called like ${wanted.example}, and ${misfit}.`,
      `Put the one that belongs to the model into the same folder.`,
    );
  }
  return { path, tensors };
}

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
/** Folders beside a text encoder that it lies in; InvokeAI has the second. */
const tokenizerFolders = ['tokenizer', 'tokenizer_2'];

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
    ...tokenizerFolders.map((name) => join(dirname(file), name)),
    dirname(file),
  ]);
  for (const folder of folders) {
    for (const name of tokenizerFiles) if (await isThere(join(folder, name))) return folder;
  }
  throw invalidFiles(
    `${path}: T5's tokenizer is missing, which no file of weights has.`,
    `Put tokenizer.json or spiece.model of "google/t5-v1_1-xxl" into ${folders[0]}.`,
  );
}
