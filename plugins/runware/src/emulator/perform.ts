import { setTimeout as pause } from 'node:timers/promises';
import { type RunwareError, taskNotFound } from './errors.js';
import { findProblem } from './parameters.js';
import type { Fields } from './rules.js';
import type { RunwareFault } from './script.js';
import type { Task, TaskTable } from './task-table.js';

/** What a message leads to, wherever it came from. */
export interface Replies {
  /** An answer that is there at once: to a question, or that a task is taken or turned away. */
  answer(body: Answer, fault: RunwareFault): void;
  /** A result of a task whose results are pushed. */
  result(result: Fields, task: Task, fault: RunwareFault): void;
}

export interface Answer {
  readonly data?: readonly Fields[];
  readonly errors?: readonly RunwareError[];
}

export interface PerformOptions {
  readonly table: TaskTable;
  /** Whether getResponse also knows tasks whose results were pushed. */
  readonly remembersPushed: boolean;
}

/** Does what Runware would do with one message. Resolves when nothing more comes of it. */
export async function perform(
  message: Fields,
  fault: RunwareFault,
  replies: Replies,
  options: PerformOptions,
): Promise<void> {
  if (fault.delayMs) await pause(fault.delayMs);
  const complain = (error: RunwareError) => replies.answer({ errors: [named(error, message, fault)] }, fault);
  const problem = findProblem(message);
  if (problem) return complain(problem);
  if (fault.refuse) return complain(fault.refuse);
  const { taskType, taskUUID } = message;
  const known = options.table.tasks.get(String(taskUUID));
  if (taskType === 'getResponse') {
    const isKnown = known && (known.request.deliveryMethod === 'async' || options.remembersPushed);
    return replies.answer(isKnown ? stateOf(known) : { errors: [taskNotFound(String(taskUUID))] }, fault);
  }
  if (taskType === 'getTaskDetails')
    return replies.answer(known ? detailsOf(known) : { errors: [taskNotFound(String(taskUUID))] }, fault);
  const isPushed = message.deliveryMethod !== 'async';
  const taken = options.table.take(message, fault, {
    onResult: (result, task) => {
      if (isPushed) replies.result(result, task, fault);
    },
    onError: (error) => {
      if (isPushed) complain(error);
    },
  });
  if ('code' in taken) return complain(taken);
  if (!isPushed) replies.answer({ data: fault.emptyAck ? [] : [{ taskType, taskUUID }] }, fault);
  else await taken.done;
}

/** Servers often leave out what an error is about. */
function named(
  error: RunwareError,
  { taskType, taskUUID }: Fields,
  { isUnnamed }: RunwareFault,
): RunwareError {
  if (!isUnnamed)
    return { ...error, ...(taskUUID ? { taskType: String(taskType), taskUUID: String(taskUUID) } : {}) };
  const { taskType: _, taskUUID: __, ...rest } = error;
  return rest;
}

/** The whole state of a task, on each question: runware.ai/docs/platform/task-polling. */
function stateOf({ taskUUID, request, count, results, error }: Task): Answer {
  const { taskType } = request;
  const made = results.map((result) => ({ ...result, status: 'success' }));
  const missing = error ? 0 : count - results.length;
  const waiting = Array.from({ length: missing }, () => ({ taskType, taskUUID, status: 'processing' }));
  return {
    data: [...made, ...waiting],
    ...(error ? { errors: [{ ...error, status: 'error' as const }] } : {}),
  };
}

/** The whole answers, as they were sent: runware.ai/docs/models-api/task-details. */
function detailsOf({ taskUUID, request, results, error }: Task): Answer {
  const response = [
    ...(results.length > 0 ? [{ data: results }] : []),
    ...(error ? [{ errors: [{ ...error, taskType: request.taskType, taskUUID }] }] : []),
  ];
  return { data: [{ taskType: 'getTaskDetails', taskUUID, request: [request], response }] };
}
