import type { Message } from '../transport/carrier.js';
import { readEntries, readErrors } from '../wire/frame.js';
import type { Inbox } from './inbox.js';

/**
 * Asks for a task of the past, where `getResponse` does not know it any more:
 * runware.ai/docs/models-api/task-details.
 */
export const archiveQuestion = (taskUUID: string): Message => ({ taskType: 'getTaskDetails', taskUUID });

/**
 * Hands what the archive has of a task to its inbox. It holds whole answers, as they were sent: each with its
 * `data`, its `errors` or both, or a result by itself. An error in it is the task's end.
 */
export function unpackArchive(inbox: Inbox, response: unknown): void {
  const answers = Array.isArray(response) ? response : [response];
  const { items, complaints } = readEntries(answers.flatMap((answer) => partsOf(answer, 'data')));
  for (const item of items) if (item.taskUUID === inbox.taskUUID) inbox.accept(item);
  const errors = readErrors(answers.flatMap((answer) => partsOf(answer, 'errors')));
  for (const complaint of [...complaints, ...errors])
    if ((complaint.taskUUID ?? inbox.taskUUID) === inbox.taskUUID)
      inbox.complain({ ...complaint, status: 'error', isArchived: true });
}

function partsOf(answer: unknown, name: 'data' | 'errors'): readonly unknown[] {
  if (typeof answer !== 'object' || answer === null) return [];
  const { data, errors } = answer as { data?: unknown; errors?: unknown };
  const part = name === 'data' ? data : errors;
  if (Array.isArray(part)) return part;
  const isWhole = Array.isArray(data) || Array.isArray(errors);
  return name === 'data' && !isWhole ? [answer] : [];
}
