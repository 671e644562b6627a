/**
 * Paid work on disk: a folder for each entry, in a journal that one process at a time works on. For plugins
 * that follow tasks by themselves; `@easel/plugin-sdk/provider` and `@easel/plugin-sdk/batch` are built of
 * it.
 *
 * @module
 */
export { Journal, type JournalRecord } from './journal.js';
export { Journals, type JournalsOptions } from './journals.js';
export { TaskJournal, type TaskJournalOptions } from './task-journal.js';
export { type NewTask, type TaskIdentity, type TaskRecord, taskRecordSchema } from './task-record.js';
