import { stat } from 'node:fs/promises';
import { basename, dirname, relative } from 'node:path';
import type { Manifest } from '@easel/plugin-sdk';
import { idOf, writeEntry } from '../../model-files/own-entries.js';
import { describeFile } from '../../model-files/recognize.js';
import { exitStatus } from '../terminal/exit-status.js';
import { printJson, printLine, printNote } from '../terminal/output.js';
import { formatTable } from '../terminal/table.js';
import { UsageError } from '../terminal/usage-error.js';
import type { ImportFlags } from './flags.js';
import { openContext } from './open-context.js';

/** What was found in a folder of models. */
interface Found {
  /** Absolute. */
  readonly path: string;
  /** A pipeline type, or in words what else it is. */
  readonly is: string;
  /** Of the entry. Absent: it is no model. */
  readonly id?: string;
  /** How a file that is no model is used, or why it cannot be. */
  readonly note?: string;
}

/**
 * Makes an entry for each model of a folder, such as that of another program, and lists what the other files
 * are. What has an entry already keeps it. Nothing is copied.
 */
export async function importFolder(
  folder: string,
  files: readonly string[],
  flags: ImportFlags,
): Promise<number> {
  if (flags.id !== undefined)
    throw new UsageError(`${folder} has several files: --id is for one model; name its path`);
  const { manifests, configuration, catalogue } = openContext(flags);
  const known = new Map(
    [...catalogue.models.values()].flatMap(({ id, source }) =>
      'path' in source ? [[source.path, id] as const] : [],
    ),
  );
  const ids = new Set(catalogue.models.keys());
  const found: Found[] = [];
  for (const path of files) {
    const described = await describe(path, manifests);
    if (!('model' in described)) {
      found.push({ path, ...described });
      continue;
    }
    const { model: recognized } = described;
    const id = known.get(path) ?? freeId(path, ids);
    if (!known.has(path)) {
      const type = (await stat(path)).isDirectory() ? 'folder' : 'file';
      const name = basename(path);
      await writeEntry(configuration.storageFolder, { id, name, source: { type, path }, recognized });
      ids.add(id);
    }
    found.push({ path, is: recognized.pipelineType, id });
  }
  tell(folder, found, flags.json);
  return found.some(({ id }) => id !== undefined) ? exitStatus.ok : exitStatus.failed;
}

async function describe(path: string, manifests: readonly Manifest[]) {
  try {
    const described = await describeFile(path, manifests);
    return 'model' in described ? described : { is: described.other.is, note: described.other.use };
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

function tell(folder: string, found: readonly Found[], isJson: boolean | undefined): void {
  const models = found.filter(({ id }) => id !== undefined);
  if (isJson) {
    printJson({ models, otherFiles: found.filter(({ id }) => id === undefined) });
    return;
  }
  const rows = found.map(({ path, is, id }) => [id ?? '', is, relative(folder, path)]);
  printLine(formatTable(['ID', 'WHAT', 'FILE'], rows));
  const notes = new Set(found.flatMap(({ is, note }) => (note === undefined ? [] : [`${is}: ${note}`])));
  for (const note of notes) printNote(note);
  const [first] = models;
  const example = first ? `: easel generate "..." --model ${first.id}` : '';
  printNote(`${models.length} of ${found.length} files are models, and stay where they are${example}`);
}
