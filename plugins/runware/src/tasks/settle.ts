import type { Logger } from '@easel/plugin-sdk';
import type { TaskJournal, TaskRecord } from '@easel/plugin-sdk/journal';
import { isPicture } from '../pictures/is-picture.js';
import type { TaskClient } from './task-client.js';

/** Tasks that are asked about at once. */
const parallel = 4;

/**
 * Finds out what became of tasks that a process which has ended had sent: one that Runware never had is
 * forgotten, one that failed as well. What was paid is told in the log, and kept for the same call to come
 * again. Never rejects; what cannot be found out now stays.
 */
export async function settle(client: TaskClient, journal: TaskJournal, logger: Logger): Promise<void> {
  const waiting = journal.orphans;
  if (waiting.length === 0) return;
  logger.info('asking Runware about tasks of a process that has ended', { tasks: waiting.length });
  const work = async () => {
    for (let entry = waiting.shift(); entry; entry = waiting.shift())
      await settleOne(entry, client, journal, logger);
  };
  await Promise.all(Array.from({ length: parallel }, work));
}

async function settleOne(
  entry: TaskRecord,
  client: TaskClient,
  journal: TaskJournal,
  logger: Logger,
): Promise<void> {
  const { id: taskUUID, model } = entry;
  // Somebody waits for it again.
  if (!journal.isOrphan(taskUUID) || client.isClosed) return;
  try {
    const outcome = await client.inquire(entry, isPicture);
    if (outcome.kind === 'made') {
      const cost = outcome.items.reduce((sum, item) => sum + (item.cost ?? 0), 0);
      const details = { taskUUID, model, pictures: outcome.items.length, cost };
      logger.warn(
        'a task was paid whose call was lost; the same call, sent again, gets its pictures',
        details,
      );
    } else if (outcome.kind === 'doubtful') {
      logger.warn('it cannot be told now whether a task was paid', {
        taskUUID,
        model,
        reason: outcome.failure.message,
      });
    } else {
      journal.end(taskUUID);
      logger.info('a task whose call was lost made no pictures', {
        taskUUID,
        model,
        reason: outcome.failure.message,
      });
    }
  } catch (error) {
    logger.debug('a task is not asked about any more', { taskUUID, reason: (error as Error).message });
  }
}
