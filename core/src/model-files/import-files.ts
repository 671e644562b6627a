import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Manifest } from '@easel/plugin-sdk';
import type { Catalogue } from '../models/catalogue.js';
import { idOf, writeEntry } from './own-entries.js';
import { describeFile } from './recognize.js';

/** What was found in a folder of models. */
export interface FoundFile {
  /** Absolute. */
  readonly path: string;
  /** A pipeline type, or in words what else it is. */
  readonly is: string;
  /** What most of its weights are stored in, as `F16` or `Q4_K`. Absent: not known. */
  readonly weights?: readonly string[];
  /** Of the entry. Absent: it is no model. */
  readonly id?: string;
  /** How a file that is no model is used, or why it cannot be. */
  readonly note?: string;
}

export interface ImportContext {
  readonly manifests: readonly Manifest[];
  readonly catalogue: Catalogue;
  readonly storageFolder: string;
}

/**
 * Makes an entry for each model among these files, and tells what the others are. What has an entry already
 * keeps it. Nothing is copied.
 *
 * @param files absolute, as `modelFilesBelow` lists them
 */
export async function importFiles(
  files: readonly string[],
  { manifests, catalogue, storageFolder }: ImportContext,
): Promise<FoundFile[]> {
  const known = new Map(
    [...catalogue.models.values()].flatMap(({ id, source }) =>
      'path' in source ? [[source.path, id] as const] : [],
    ),
  );
  const ids = new Set(catalogue.models.keys());
  const found: FoundFile[] = [];
  for (const path of files) {
    const described = await describe(path, manifests);
    if (!('model' in described)) {
      found.push({ path, ...described });
      continue;
    }
    const { model: recognized, weights } = described;
    const id = known.get(path) ?? freeId(path, ids);
    if (!known.has(path)) {
      const type = (await stat(path)).isDirectory() ? 'folder' : 'file';
      const name = basename(path);
      await writeEntry(storageFolder, { id, name, source: { type, path }, recognized });
      ids.add(id);
    }
    found.push({ path, is: recognized.pipelineType, weights, id });
  }
  return found;
}

async function describe(path: string, manifests: readonly Manifest[]) {
  try {
    const described = await describeFile(path, manifests);
    if ('model' in described) return described;
    const { weights, other } = described;
    return { is: other.is, weights, note: other.use };
  } catch (error) {
    return { is: 'not known', note: (error as Error).message };
  }
}

/** The name of the file, with those of its folders where others are called so. */
function freeId(path: string, ids: ReadonlySet<string>): string {
  let [id, parent] = [idOf(basename(path)), dirname(path)];
  while (ids.has(id) && parent !== dirname(parent)) {
    id = `${idOf(basename(parent))}-${id}`;
    parent = dirname(parent);
  }
  return id;
}
