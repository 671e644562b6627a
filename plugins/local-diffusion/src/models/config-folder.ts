import { access } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import type { Component } from '../checkpoint/component.js';
import { invalidFiles } from '../checkpoint/invalid-files.js';
import { readJson } from '../checkpoint/read-file.js';
import type { TensorLocation } from '../checkpoint/safetensors.js';

type Tensors = ReadonlyMap<string, TensorLocation>;

/**
 * The folder of configs that goes with a single file: the given one, or else the one beside it that has its
 * name without the extension.
 *
 * @returns `undefined` when none is given and there is none
 * @throws ERR_MODEL_FILES_INVALID when the given one does not exist
 */
export async function configFolderOf(path: string, given: string | undefined): Promise<string | undefined> {
  if (given === undefined) return existing(dirname(path), basename(beside(path)), path);
  if (await exists(given)) return given;
  throw invalidFiles(`${given}, the folder of configs for ${path}, does not exist.`);
}

/** `<folder>/<name>` if it exists and is not `but`. */
export async function existing(
  folder: string | undefined,
  name: string,
  but?: string,
): Promise<string | undefined> {
  if (folder === undefined) return undefined;
  const file = join(folder, name);
  return file !== but && (await exists(file)) ? file : undefined;
}

/**
 * A network of a single file: its config is that of the folder, or else told from its tensors.
 *
 * @param name as diffusers names its folder, e.g. `text_encoder`
 * @param derive tells the config; the second argument is for messages
 */
export async function openPart(
  path: string,
  folder: string | undefined,
  { name, tensors, derive }: { name: string; tensors: Tensors; derive: (what: string) => unknown },
): Promise<Component> {
  const configFile = await existing(folder, join(name, 'config.json'));
  if (configFile !== undefined) return { name, configFile, config: await readJson(configFile), tensors };
  return {
    name,
    configFile: `the config told from ${path}`,
    config: derive(`the ${name} of ${path}`),
    tensors,
  };
}

/** Files of which each folder of a tokenizer, or of a processor of images, has one. */
const vocabularies = ['vocab.json', 'tokenizer.json', 'spiece.model', 'preprocessor_config.json'];

/**
 * Which of a family's tokenizers a folder of configs has.
 *
 * @param names of their folders
 * @returns folders with such a file, by name
 */
export async function tokenizerFoldersOf(
  folder: string | undefined,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const entries = await Promise.all(
    names.map(async (name) => {
      const files = vocabularies.map((file) => existing(folder, join(name, file)));
      return [name, (await Promise.all(files)).find((file) => file !== undefined)] as const;
    }),
  );
  return new Map(entries.flatMap(([name, file]) => (file === undefined ? [] : [[name, dirname(file)]])));
}

/** `/models/a.safetensors` to `/models/a`. */
const beside = (path: string): string => join(dirname(path), basename(path, extname(path)));

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
