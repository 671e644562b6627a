import { installedVersions } from '../../model-files/installed-versions.js';
import { removeEntry } from '../../model-files/own-entries.js';
import { isInstalled } from '../../model-files/resolve-source.js';
import { uninstall } from '../../model-files/uninstall.js';
import { findModel } from '../../models/find-model.js';
import { formatBytes } from '../terminal/bytes.js';
import { exitStatus } from '../terminal/exit-status.js';
import { printJson, printLine } from '../terminal/output.js';
import { UsageError } from '../terminal/usage-error.js';
import type { RemoveFlags } from './flags.js';
import { openContext } from './open-context.js';

/** `easel models remove`: the files of what was installed, and of what was imported the entry alone. */
export async function removeModel(id: string, flags: RemoveFlags): Promise<number> {
  const { catalogue, configuration, hub } = openContext(flags);
  const model = findModel(catalogue, id);
  const { source } = model;
  if (source.type === 'hub' && isInstalled(model)) {
    let [path, bytes] = ['', 0];
    for (const installed of installedVersions(source, hub.cacheFolder)) {
      const removed = await uninstall(installed.source, hub.cacheFolder);
      path = removed.path;
      bytes += removed.bytes;
    }
    const entry = await removeEntry(configuration.storageFolder, model);
    if (flags.json) printJson({ id, removed: path, bytes, entryRemoved: entry });
    else printLine(`${id}: ${path} is gone (${formatBytes(bytes)})`);
    return exitStatus.ok;
  }
  const entry = await removeEntry(configuration.storageFolder, model);
  if (!entry) {
    throw new UsageError(
      source.type === 'hub'
        ? `${id} is not installed`
        : `${id} was not installed or imported here, and there is nothing to remove: a model that comes with Easel stays, and one whose entry you have written goes with that file`,
    );
  }
  if (flags.json) printJson({ id, removed: null, bytes: 0, entryRemoved: true });
  else printLine(`${id}: its entry is gone; its files are where they were`);
  return exitStatus.ok;
}
