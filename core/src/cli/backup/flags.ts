import { Command } from '@commander-js/extra-typings';
import { type FlagsOf, withConfiguration } from '../options.js';

export const backup = () =>
  withConfiguration(
    new Command('backup')
      .description('copy jobs, images and keys of the server into a new folder, also while it runs')
      .argument('<folder>', 'folder that is not there yet'),
  );
export type BackupFlags = FlagsOf<typeof backup>;

export const restore = () =>
  withConfiguration(
    new Command('restore')
      .description('put a backup in the place of what the server has; it must not run')
      .argument('<folder>', 'folder that `easel backup` has made')
      .option(
        '--resume-jobs',
        'do the jobs that had not ended (absent: end them as failed, as they may have been paid since)',
      ),
  );
export type RestoreFlags = FlagsOf<typeof restore>;
