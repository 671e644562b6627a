import { relative } from 'node:path';
import { type FoundFile, importFiles } from '../../model-files/import-files.js';
import { exitStatus } from '../terminal/exit-status.js';
import { printJson, printLine, printNote } from '../terminal/output.js';
import { formatTable } from '../terminal/table.js';
import { UsageError } from '../terminal/usage-error.js';
import type { ImportFlags } from './flags.js';
import { openContext } from './open-context.js';

/**
 * Makes an entry for each model of a folder, such as that of another program, and lists what the other files
 * are.
 */
export async function importFolder(
  folder: string,
  files: readonly string[],
  flags: ImportFlags,
): Promise<number> {
  if (flags.id !== undefined)
    throw new UsageError(`${folder} has several files: --id is for one model; name its path`);
  const { manifests, configuration, catalogue } = openContext(flags);
  const { storageFolder } = configuration;
  const found = await importFiles(files, { manifests, catalogue, storageFolder });
  tell(folder, found, flags.json);
  return found.some(({ id }) => id !== undefined) ? exitStatus.ok : exitStatus.failed;
}

function tell(folder: string, found: readonly FoundFile[], isJson: boolean | undefined): void {
  const models = found.filter(({ id }) => id !== undefined);
  if (isJson) {
    printJson({ models, otherFiles: found.filter(({ id }) => id === undefined) });
    return;
  }
  const rows = found.map(({ path, is, weights = [], id }) => [
    id ?? '',
    is,
    weights.join(', '),
    relative(folder, path),
  ]);
  printLine(formatTable(['ID', 'WHAT', 'WEIGHTS', 'FILE'], rows));
  const notes = new Set(found.flatMap(({ is, note }) => (note === undefined ? [] : [`${is}: ${note}`])));
  for (const note of notes) printNote(note);
  const [first] = models;
  const example = first ? `: easel generate "..." --model ${first.id}` : '';
  printNote(`${models.length} of ${found.length} files are models, and stay where they are${example}`);
}
