import { categoryOf } from '../wire/category.js';
import { type Complaint, garbledCode } from '../wire/frame.js';

/** Where a task stands when a complaint comes. */
export interface TaskStanding {
  /** What was sent last: the task itself, or a question about it. */
  readonly last: 'send' | 'ask';
  /** Runware is known to have it. */
  readonly isTaken: boolean;
  /** Results are pushed, and not asked for. */
  readonly isPushed: boolean;
  /** Times that the task was sent, by this call. */
  readonly sends: number;
}

/**
 * What a complaint means for a task. `taken`: Runware has it; `unknown`: it does not know it; `unanswered`:
 * the question failed, not the task; `unnamed`: it may be about this task or not, or not its end; `doubtful`:
 * no more can be found out now; `not-taken`: it was turned away; `failed`: it has ended.
 */
export type Verdict = 'taken' | 'unknown' | 'unanswered' | 'unnamed' | 'doubtful' | 'not-taken' | 'failed';

/**
 * Decides by the code; and what is said of a question is never taken for the end of a task that may be paid.
 */
export function classifyError(
  complaint: Complaint,
  { last, isTaken, isPushed, sends }: TaskStanding,
): Verdict {
  const category = categoryOf(complaint);
  // That a second sending was turned away is no end of the first one.
  if (complaint.isArchived) return category === 'taken' ? 'unknown' : 'failed';
  if (category === 'taken') return 'taken';
  if (category === 'unknown-task') return 'unknown';
  if (category === 'garbled') return 'unanswered';
  if (category === 'auth' || category === 'quota')
    return isTaken || last === 'ask' ? 'doubtful' : 'not-taken';
  const isEnd = complaint.status === 'error';
  if (last === 'ask' && !isEnd) {
    // Over HTTP an answer belongs to its question; over a WebSocket it may be a late word about the task.
    const isOfQuestion = complaint.httpStatus !== undefined;
    if (complaint.code === garbledCode) return 'unanswered';
    if (category === 'invalid') return isTaken || isOfQuestion ? 'unknown' : 'unnamed';
    if (category !== 'refused' && category !== 'unknown-model') return 'unanswered';
  }
  if (isEnd) return 'failed';
  // After two minutes Runware waits no longer for work whose result it would push, and works on.
  if (category === 'late' && isPushed) return 'taken';
  if (complaint.taskUUID === undefined || category === 'failing' || category === 'late') return 'unnamed';
  if (category === 'rate-limit') return sends > 1 ? 'doubtful' : 'not-taken';
  return 'failed';
}
