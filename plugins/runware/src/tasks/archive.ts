import type { Message } from '../transport/carrier.js';
import { readEntries } from '../wire/frame.js';
import type { Inbox } from './inbox.js';

/** Asks for a task of the past, where `getResponse` does not know it any more: runware.ai/docs/platform/task-details. */
export const archiveQuestion = (taskUUID: string): Message => ({ taskType: 'getTaskDetails', taskUUID });

/** What the archive has of a task lies a level deeper than results do; hands the results in it to the inbox. */
export function unpackArchive(inbox: Inbox, response: unknown): void {
  const entries = Array.isArray(response) ? response : [response];
  const { items } = readEntries(entries.flatMap(entriesOf));
  for (const item of items) if (item.taskUUID === inbox.taskUUID) inbox.accept(item);
}

/** An entry is a result, or a whole answer with its `data`. */
function entriesOf(entry: unknown): readonly unknown[] {
  if (typeof entry !== 'object' || entry === null) return [];
  const { data } = entry as { data?: unknown };
  return Array.isArray(data) ? data : [entry];
}
