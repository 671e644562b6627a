import { readdir, readlink, realpath, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import type { HubSource } from '@easel/plugin-sdk';
import { makeFolder } from '../storage/make-folder.js';

/** A file of another repository that a model needs beside its own. */
export type HubPart = NonNullable<HubSource['parts']>[number];

/** Of the names of a model and its parts, below a snapshot of the model's repository. */
export const assembledName = '.easel';

/**
 * The folder in which a model of several repositories lies with its parts. Each has its own, since another
 * model of the same repository may have other parts.
 */
export const assembledFolder = (
  snapshot: string,
  { file, parts = [] }: Pick<HubSource, 'file' | 'parts'>,
): string => join(snapshot, assembledName, file?.replaceAll('/', '--') ?? parts.map(partName).join('+'));

/** What a part is called beside the model's own files. */
export function partName({ file, as }: HubPart): string {
  return as ?? basename(file);
}

const partMark = 'part:';

/** Options of a model with the path of a part, in that folder, for each text `part:name`. */
export function withPartPaths<Value>(options: Value, folder: string): Value {
  const replaced = (value: unknown): unknown => {
    if (typeof value === 'string')
      return value.startsWith(partMark) ? join(folder, value.slice(partMark.length)) : value;
    if (Array.isArray(value)) return value.map(replaced);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, replaced(each)]));
  };
  return replaced(options) as Value;
}

/** A path below a snapshot as people know it: without the folder of an assembled model. */
export const plainPath = (path: string): string => {
  const [first, , ...others] = path.split('/');
  return first === assembledName ? others.join('/') : path;
};

/** A part as a source of its own. */
export const sourceOfPart = ({ as: _, ...part }: HubPart): HubSource => ({ type: 'hub', ...part });

/** Puts a name to what lies in the cache once. */
export async function linkFile(name: string, installed: string): Promise<void> {
  const target = relative(dirname(name), await realpath(installed));
  if ((await readlink(name).catch(() => undefined)) === target) return;
  await makeFolder(dirname(name));
  await rm(name, { force: true });
  await symlink(target, name);
}

/**
 * How many names in the whole cache lead to the same contents as a path; those of other tools are counted,
 * too.
 */
export async function countNames(cacheFolder: string, path: string): Promise<number> {
  const contents = await realpath(path);
  const entries = await readdir(cacheFolder, { recursive: true, withFileTypes: true }).catch(() => []);
  const links = entries.filter((entry) => entry.isSymbolicLink());
  const targets = links.map(({ parentPath, name }) =>
    realpath(join(parentPath, name)).catch(() => undefined),
  );
  return (await Promise.all(targets)).filter((each) => each === contents).length;
}
