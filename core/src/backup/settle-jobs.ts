import { EaselError } from '@easel/plugin-sdk';
import { openDatabase, UnusableDatabase } from '../jobs/database/open-database.js';

/**
 * Brings the database of a backup to the newest version, and decides on jobs that had not ended when it was
 * made: they may have been done and paid since. Answers how many there are. Throws ERR_STORAGE for a database
 * that is damaged or of a newer version.
 *
 * @param areResumed whether they are to be done, and not ended as failed
 */
export function settleJobs(file: string, areResumed: boolean): number {
  try {
    const database = openDatabase(file);
    try {
      database.exec('DELETE FROM servers');
      const { changes } = areResumed
        ? database
            .prepare(
              "UPDATE jobs SET state = 'queued', owner = NULL, started_at = NULL WHERE ended_at IS NULL",
            )
            .run()
        : database
            .prepare(
              "UPDATE jobs SET state = 'failed', owner = NULL, ended_at = ?, error = ? WHERE ended_at IS NULL",
            )
            .run(Date.now(), JSON.stringify(unfinished));
      return changes;
    } finally {
      database.close();
    }
  } catch (cause) {
    if (!(cause instanceof UnusableDatabase)) throw cause;
    throw new EaselError({
      code: 'ERR_STORAGE',
      message: `The jobs of the backup cannot be used: ${cause.kind}, ${cause.message}.`,
      hint: cause.kind === 'newer' ? 'Restore it with a newer version of Easel.' : 'Take another backup.',
      cause,
    });
  }
}

const unfinished = {
  code: 'ERR_ABORTED',
  message: 'The job had not ended when the backup was made that was restored.',
  hint: 'Look whether it was carried out since, and submit it again if not.',
  mayBePaid: true,
};
