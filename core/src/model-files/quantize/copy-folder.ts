import { copyFile, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { EaselError } from '@easel/plugin-sdk';
import { z } from 'zod';
import { makeFolder } from '../../storage/make-folder.js';
import { modelIndexName, partsOf } from '../model-index.js';
import { type Quantization, writtenType } from './choose-type.js';
import { layOut } from './lay-out.js';
import { endingOf, type Layout } from './layout.js';
import { layOutSafetensors } from './safetensors-layout.js';
import { readComponentWeights } from './source-tensors.js';
import { type CopyOptions, writeCopy } from './write-copy.js';

const indexSchema = z.record(z.string(), z.unknown());

/** Small networks whose errors are seen in every image. */
const wholeComponents = new Set(['vae']);
/** Weights in any format, and the indexes of their shards. */
const weights = /\.(safetensors|gguf|bin|pth?|ckpt|onnx|onnx_data|pb|msgpack|h5)$|\.index\b.*\.json$/;
/** Larger files beside the index are models of their own. */
const largestNote = 1024 ** 2;

/** What is to be done for a folder in diffusers' layout. */
export interface FolderPlan {
  /** Weights, by where they go below the copy. */
  readonly layouts: ReadonlyMap<string, Layout>;
  /** Paths of all other files, below both. */
  readonly files: readonly string[];
}

/**
 * Plans the copy of a folder in diffusers' layout. Each component's weights become one file.
 *
 * @throws ERR_MODEL_FILES_INVALID for a folder that is none, or has no plain weights
 */
export async function planFolder(folder: string, to: Quantization): Promise<FolderPlan> {
  const text = await readFile(join(folder, modelIndexName), 'utf8').catch(() => undefined);
  if (text === undefined) throw invalid(`${folder} has no ${modelIndexName}.`);
  const layouts = new Map<string, Layout>();
  const files: string[] = [];
  for (const { name } of (await readdir(folder, { withFileTypes: true })).filter(
    (each) => !each.isDirectory(),
  ))
    if (!weights.test(name) && (await stat(join(folder, name))).size <= largestNote) files.push(name);
  for (const part of partsOf(indexSchema.parse(JSON.parse(text)))) {
    const own = join(folder, part);
    const entries = await readdir(own, { withFileTypes: true }).catch(() => []);
    files.push(
      ...entries
        .filter((each) => !each.isDirectory() && !weights.test(each.name))
        .map(({ name }) => join(part, name)),
    );
    const read = entries.length > 0 ? await readComponentWeights(own) : undefined;
    if (!read) continue;
    const isWhole = wholeComponents.has(part);
    const chosen = read.tensors.map((tensor) => ({
      tensor,
      type: isWhole ? ('as it is' as const) : writtenType(tensor, to),
    }));
    layouts.set(
      join(part, `${read.stem}${isWhole ? '.safetensors' : endingOf(to)}`),
      isWhole ? layOutSafetensors(chosen, read.metadata) : layOut(chosen, read.metadata, to),
    );
  }
  if (layouts.size === 0) {
    throw invalid(`${folder} has no weights in .safetensors files.`);
  }
  return { layouts, files };
}

/** Writes what was planned beside its place, and gives it its name when all of it is there. */
export async function copyFolder(
  folder: string,
  out: string,
  { layouts, files }: FolderPlan,
  options: CopyOptions,
): Promise<void> {
  const partial = `${out}.partial`;
  for (const [path, layout] of layouts) await writeCopy(join(partial, path), layout, options);
  for (const path of files) {
    await makeFolder(join(partial, path, '..'));
    await copyFile(join(folder, path), join(partial, path));
  }
  await removeOthers(partial, new Set([...layouts.keys(), ...files]));
  await rename(partial, out);
}

/** Journals, and temporary files of tries that were cut off. */
async function removeOthers(folder: string, kept: ReadonlySet<string>): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isDirectory() && !kept.has(relative(folder, path))) await rm(path);
  }
}

const invalid = (message: string) =>
  new EaselError({
    code: 'ERR_MODEL_FILES_INVALID',
    message,
    hint: "Copies are made of folders in diffusers' layout and of single .safetensors files.",
  });
