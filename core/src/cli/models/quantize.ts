import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Model } from '@easel/plugin-sdk';
import { refuseId, writeModel } from '../../model-files/own-entries.js';
import { copyName, quantizeModel } from '../../model-files/quantize/quantize-model.js';
import { withInstalledSource } from '../../model-files/resolve-source.js';
import { findModel } from '../../models/find-model.js';
import { formatBytes } from '../terminal/bytes.js';
import { exitStatus } from '../terminal/exit-status.js';
import { watchForInterruption } from '../terminal/interruption.js';
import { printJson, printLine, printNote } from '../terminal/output.js';
import { UsageError } from '../terminal/usage-error.js';
import { createDownloadDisplay } from './download-display.js';
import type { QuantizeFlags } from './flags.js';
import { openContext } from './open-context.js';

/** `easel models quantize`: a smaller copy of a model on disk, and a catalogue entry for it. */
export async function quantize(what: string, flags: QuantizeFlags): Promise<number> {
  const { catalogue, configuration } = openContext(flags);
  const model = findModel(catalogue, what);
  const { source } = withInstalledSource(model);
  if (!('path' in source)) throw new UsageError(`${model.id} is not on this machine: its provider has it`);
  const id = flags.id ?? `${model.id.replaceAll('/', '-')}-${flags.to}`;
  refuseId(id);
  if (catalogue.models.has(id))
    throw new UsageError(`there is a model "${id}" already: name another with --id`);
  const out = resolve(flags.out ?? placeOf(model, source, flags.to, id, configuration.storageFolder));
  if (existsSync(out))
    throw new UsageError(`${out} is there already: name another place with --out, or import it`);

  const interruption = watchForInterruption();
  const display = await createDownloadDisplay(flags.quiet || flags.json);
  try {
    const made = await quantizeModel(source.path, out, flags.to, {
      withNeighbours: model.source.type === 'hub' && source.type === 'file' && hasParts(model.source),
      onProgress: display.show,
      signal: interruption.signal,
    }).finally(display.stop);
    const { sameAs: _, $schema: __, ...own } = model;
    const name = `${model.name} (${flags.to})`;
    await writeModel(configuration.storageFolder, { ...own, id, name, source: { ...source, path: out } });
    if (flags.json) printJson({ id, path: out, ...made });
    else {
      printLine(out);
      const sizes = `${formatBytes(made.bytes)} of ${formatBytes(made.bytesBefore)}`;
      printNote(`${id} takes ${sizes}: easel generate "..." --model ${id}`);
    }
    return exitStatus.ok;
  } catch (error) {
    if (interruption.status === undefined) throw error;
    printNote('stopped; run the command again to go on');
    return interruption.status;
  }
}

/**
 * Files find their text encoders beside them, so the copy goes there. Folders, and what lies in the cache
 * that other tools share, are copied into the storage folder.
 */
function placeOf(
  model: Model,
  source: { readonly type: 'file' | 'folder'; readonly path: string },
  to: QuantizeFlags['to'],
  id: string,
  storageFolder: string,
): string {
  const isFolder = source.type === 'folder';
  if (model.source.type === 'file') return join(dirname(source.path), copyName(source.path, to));
  const folder = join(storageFolder, 'models', id);
  return isFolder ? folder : join(folder, copyName(source.path, to));
}

const hasParts = (source: Model['source']): boolean =>
  source.type === 'hub' &&
  [source, ...Object.values(source.variants ?? {})].some(({ parts = [] }) => parts.length > 0);
