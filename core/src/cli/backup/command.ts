import type { Finish } from '../options.js';
import { backup, restore } from './flags.js';

export const backupCommand = (finish: Finish) =>
  backup().action(async (folder, flags) => finish(await (await import('./backup.js')).backUp(folder, flags)));

export const restoreCommand = (finish: Finish) =>
  restore().action(async (folder, flags) =>
    finish(await (await import('./backup.js')).restore(folder, flags)),
  );
