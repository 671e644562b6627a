import { setTimeout as pause } from 'node:timers/promises';
import { bytesOfText, type ImageInTurn, type Service } from '@easel/plugin-sdk/provider';
import { z } from 'zod';

const stateSchema = z.object({
  active: z.boolean(),
  queued: z.boolean(),
  completed: z.boolean(),
  progress: z.number().min(0).max(1).nullish(),
  live_preview: z.string().nullish(),
  id_live_preview: z.number().nullish(),
});
const currentSchema = z.object({ current_task: z.string().nullish() });

export interface Watching extends Pick<ImageInTurn, 'onProgress' | 'onPreview'> {
  /** As `force_task_id` has it. */
  readonly taskId: string;
  /** Milliseconds between two questions. */
  readonly everyMs: number;
  /** Looks at the unfinished image, at most. */
  readonly previews: number;
  /** Aborted when the image is there, or nobody wants it any more. */
  readonly signal: AbortSignal;
}

/** Asks how far a task is until its image is there. What is not answered harms nothing. */
export async function watch(service: Service, watching: Watching) {
  const { taskId, everyMs, previews, signal, onProgress, onPreview } = watching;
  let shown = 0;
  let last = -1;
  while (await pause(everyMs, true, { signal }).catch(() => false)) {
    const isWanted = shown < previews;
    const question = { id_task: taskId, id_live_preview: last, live_preview: isWanted };
    const state = await stateOf(service, question, signal).catch(() => undefined);
    if (!state?.active || signal.aborted) continue;
    const { progress, live_preview: uri, id_live_preview: id } = state;
    const isNew = isWanted && typeof id === 'number' && id !== last;
    if (typeof progress === 'number') onProgress(progress);
    if (!isNew) continue;
    shown += 1;
    last = id;
    onPreview(bytesOfText(uri ?? ''));
  }
}

const stateOf = async (service: Service, body: object, signal: AbortSignal) =>
  stateSchema.parse((await service.ask({ url: 'internal/progress', body, signal })).json);

/**
 * Stops a task that nobody wants any more, as soon as it is the one that is worked on: an interruption names
 * no task, and would hit that of somebody else.
 */
export async function interrupt(service: Service, taskId: string, everyMs: number, signal: AbortSignal) {
  try {
    while (!(await isCurrent(service, taskId, signal))) await pause(everyMs, undefined, { signal });
    await service.ask({ url: 'sdapi/v1/interrupt', method: 'POST', body: {}, signal });
  } catch {
    // It has ended, was never begun, or the server cannot be asked.
  }
}

/** Whether a task is being worked on. Throws where it never will be, or nobody can tell. */
async function isCurrent(service: Service, taskId: string, signal: AbortSignal): Promise<boolean> {
  const body = { id_task: taskId, id_live_preview: -1, live_preview: false };
  const answer = await service.ask({ url: 'internal/progress', body, signal, takesFailures: true });
  const { data } = stateSchema.safeParse(answer.json);
  if (data?.active) return true;
  if (data?.queued) return false;
  // A server without pages has no `internal/progress`.
  const { json } = await service.ask({ url: 'sdapi/v1/progress?skip_current_image=true', signal });
  if (!data && currentSchema.parse(json).current_task === taskId) return true;
  throw new Error('it is not there');
}
