import { createHash } from 'node:crypto';
import type { GenerationRequest } from '@easel/plugin-sdk';
import type { TaskIdentity } from '@easel/plugin-sdk/journal';
import type { Options } from '../options.js';
import { seedOf } from './seeds.js';
import { inferenceBody, operationBody, type TaskBody } from './task-body.js';

/** One task of a call. */
export interface PictureTask {
  readonly body: TaskBody;
  /** Seeds of its pictures, in their order. Absent: the model has none. */
  readonly seeds?: readonly number[] | undefined;
  /** How many pictures it makes. */
  readonly count: number;
  /** By what an earlier call's task is known to be the same one. */
  readonly identity: TaskIdentity;
}

/**
 * The tasks of a call: one a picture, each with a seed of its own. Runware counts seeds up itself within a
 * task that makes several (`numberResults`, "incremented by 1 for each image generated"), but then they stand
 * and fall together; `picturesPerTask` asks for it.
 *
 * @throws EaselError ERR_REQUEST_INVALID for what Runware has no parameter for
 */
export function pictureTasks(request: GenerationRequest, options: Options): PictureTask[] {
  const { task } = options;
  return task === undefined ? inferenceTasks(request, options) : operationTasks(request, options, task);
}

/** An image of an input image: there is no seed, and one image a task. */
function operationTasks(
  request: GenerationRequest,
  options: Options,
  task: NonNullable<Options['task']>,
): PictureTask[] {
  const body = operationBody(request, options, task);
  const { n, requestId } = request;
  const identity = { fingerprint: fingerprintOf(body, options), requestId, isRepeatable: false };
  return Array.from({ length: n }, () => ({ body, count: 1, identity }));
}

function inferenceTasks(request: GenerationRequest, options: Options): PictureTask[] {
  const shared = inferenceBody(request, options);
  const { n, seed, requestId } = request;
  const tasks: PictureTask[] = [];
  for (let from = 0; from < n; ) {
    const all = Array.from({ length: Math.min(options.picturesPerTask, n - from) }, (_, index) =>
      seed === undefined ? undefined : seedOf(seed, from + index, options.seeds),
    );
    // Runware would not begin anew after the last seed.
    const wraps = all.findIndex(
      (value, index) => index > 0 && value !== undefined && value <= (all[index - 1] ?? 0),
    );
    const count = wraps === -1 ? all.length : wraps;
    const seeds = all.slice(0, count) as number[];
    const first = seeds[0];
    const body: TaskBody = {
      ...shared,
      numberResults: count,
      ...(first === undefined ? {} : { seed: first }),
    };
    const fingerprint = fingerprintOf(body, options);
    const isRepeatable = first !== undefined;
    tasks.push({
      body,
      count,
      identity: { fingerprint, requestId, isRepeatable },
      seeds: isRepeatable ? seeds : undefined,
    });
    from += count;
  }
  return tasks;
}

const fingerprintOf = (body: TaskBody, { enhancePrompt, enhanceModel, enhanceMaxLength }: Options) =>
  createHash('sha256')
    .update(JSON.stringify([body, enhancePrompt ? [enhanceModel, enhanceMaxLength] : 0]))
    .digest('hex');

/** The same task with a prompt that was worded anew; what it is known by stays. */
export const withPrompt = (task: PictureTask, positivePrompt: string): PictureTask =>
  task.body.taskType === 'imageInference' ? { ...task, body: { ...task.body, positivePrompt } } : task;
