import { resolve } from 'node:path';
import { makeBackup } from '../../backup/make-backup.js';
import { restoreBackup } from '../../backup/restore-backup.js';
import { readConfiguration } from '../../config/read-configuration.js';
import { formatBytes } from '../terminal/bytes.js';
import { exitStatus } from '../terminal/exit-status.js';
import { printJson, printLine, printNote } from '../terminal/output.js';
import type { BackupFlags, RestoreFlags } from './flags.js';

const storageOf = ({ config }: BackupFlags) => readConfiguration({ configFile: config }).storageFolder;

/** `easel backup`: prints the folder that was made. */
export async function backUp(folder: string, flags: BackupFlags): Promise<number> {
  const target = resolve(folder);
  const document = await makeBackup(storageOf(flags), target);
  if (flags.json) printJson({ folder: target, ...document });
  else {
    printLine(target);
    printNote(`${document.files} files, ${formatBytes(document.bytes)}`);
  }
  return exitStatus.ok;
}

/** `easel restore`: prints the storage folder that has been filled. */
export async function restore(folder: string, flags: RestoreFlags): Promise<number> {
  const storageFolder = storageOf(flags);
  const areResumed = flags.resumeJobs === true;
  const { document, unfinished, replaced } = await restoreBackup(resolve(folder), storageFolder, areResumed);
  if (flags.json) {
    printJson({ folder: storageFolder, unfinished, replaced: replaced ?? null, ...document });
    return exitStatus.ok;
  }
  printLine(storageFolder);
  printNote(`It is as it was at ${document.createdAt}.`);
  if (unfinished > 0)
    printNote(`${unfinished} jobs had not ended: they are ${areResumed ? 'done now' : 'ended as failed'}.`);
  if (replaced) printNote(`What was there before is in ${replaced}; delete it when you do not need it.`);
  return exitStatus.ok;
}
