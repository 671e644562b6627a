import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { modelFilesBelow } from '../../model-files/below-folder.js';
import { idOf, writeEntry } from '../../model-files/own-entries.js';
import { recognize } from '../../model-files/recognize.js';
import { exitStatus } from '../terminal/exit-status.js';
import { printJson, printLine, printNote } from '../terminal/output.js';
import { UsageError } from '../terminal/usage-error.js';
import type { ImportFlags } from './flags.js';
import { importFolder } from './import-folder.js';
import { openContext } from './open-context.js';

/** `easel models import`: catalogue entries for models that stay where they are. */
export async function importModel(path: string, flags: ImportFlags): Promise<number> {
  const { manifests, configuration, catalogue } = openContext(flags);
  const absolute = resolve(path);
  const files = await modelFilesBelow(absolute);
  if (files.length > 0) return await importFolder(absolute, files, flags);
  const { model: recognized, weights } = await recognize(absolute, manifests);
  const name = basename(absolute);
  const id = flags.id ?? idOf(name);
  if (catalogue.models.has(id))
    throw new UsageError(`there is a model "${id}" already: name another with --id`);
  const type = (await stat(absolute)).isDirectory() ? 'folder' : 'file';
  const source = { type, path: absolute } as const;
  const file = await writeEntry(configuration.storageFolder, { id, name, source, recognized });
  if (flags.json)
    printJson({ id, pipelineType: recognized.pipelineType, weights, path: absolute, entry: file });
  else {
    printLine(file);
    const what = [recognized.pipelineType, ...weights].join(', ');
    printNote(`${id} (${what}) stays at ${absolute}: easel generate "..." --model ${id}`);
  }
  return exitStatus.ok;
}
