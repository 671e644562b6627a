import { ApiError } from '../api/call.js';
import { cancelJob, submitJob } from '../api/jobs.js';
import type { Model } from '../api/schemas.js';
import { putJob, refreshJobs } from '../live/jobs.js';
import { $draft, requestOf } from './draft.js';
import { $refusal, showJob } from './focus.js';
import { controlFields } from './followed.js';
import { inputFields } from './inputs.js';

/** Asks for what is set, and shows it. */
export async function make(model: Model): Promise<void> {
  $refusal.set(undefined);
  try {
    const draft = $draft.get();
    const inputs = { ...(await inputFields(model.supports)), ...(await controlFields(model.supports)) };
    const { strength } = draft;
    const isFromImage = inputs.input_images && model.supports.strength && strength !== undefined;
    const job = await submitJob({
      ...requestOf(draft, model),
      ...inputs,
      ...(isFromImage ? { strength } : {}),
    });
    putJob(job);
    showJob(job.id);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    $refusal.set(error);
  }
}

/** Ends a job; one that has ended by itself meanwhile is none to complain about. */
export async function cancel(id: string): Promise<void> {
  await cancelJob(id).then(putJob, refreshJobs);
}
