import { Journals } from '../../journal/journals.js';
import { BatchJournal } from './batch-journal.js';

/** The journals of batches in a plugin's storage folder. */
export class BatchJournals extends Journals<BatchJournal> {
  /** @param storageFolder absolute path */
  constructor(storageFolder: string) {
    super({ storageFolder, prefix: 'journal-', open: (folder) => new BatchJournal(folder) });
  }

  /**
   * Whether another process that runs has begun something of a call with one of these ids, and not ended it.
   */
  async areHeldElsewhere(requestIds: ReadonlySet<string>): Promise<boolean> {
    for (const journal of await this.others()) if (await journal.hasOpen(requestIds)) return true;
    return false;
  }
}
