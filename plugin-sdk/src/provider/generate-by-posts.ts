import { z } from 'zod';
import { EaselError } from '../errors.js';
import type { GenerationRequest } from '../generation.js';
import { seedLimit } from '../image.js';
import { makeImages, type PaidRequests, unread } from '../paid/index.js';
import type { CallContext } from '../plugin.js';
import type { GenerationResult } from '../result.js';
import { fetchSource } from './fetch-source.js';
import { hashOf, readImage, resultOf, type TaskPlan } from './generate-by-tasks.js';
import { type ImageSource, type TaskDetails, taskDetailsSchema } from './task-driver.js';
import type { TaskResult } from './task-order.js';
import type { TaskSettings } from './task-settings.js';

/** Settings that every plugin of {@link definePostPlugin} has. */
export type PostSettings = Omit<TaskSettings, 'firstPollMs' | 'longestPollMs' | 'silenceMs'>;

/** What a request was answered. */
export interface Posted {
  readonly images: readonly ImageSource[];
  readonly details: TaskDetails;
}

/** What a call is in the words of a provider that answers at once. */
export interface PostPlan extends Omit<TaskPlan<never>, 'submit' | 'imagesPerTask'> {
  /** Images that one request makes, at most. */
  readonly imagesPerRequest: number;
  /**
   * Sends a request, once. Rejects with an EaselError that says by `mayBePaid` whether it must not be sent
   * again.
   */
  post(task: { readonly count: number; readonly seed?: number }, signal: AbortSignal): Promise<Posted>;
}

export interface PostMeans {
  readonly requests: PaidRequests;
  readonly plan: PostPlan;
  readonly settings: PostSettings;
  /** The provider, as people call it. */
  readonly name: string;
}

const keptSchema = z.object({
  images: z.array(z.union([z.object({ url: z.string() }), z.object({ base64: z.string() })])),
  details: taskDetailsSchema,
});

/**
 * Makes the images of a call by as many requests as that takes, beside each other. Each is paid at most once,
 * and what it was answered is kept until the call has received it.
 */
export async function generateByPosts(
  { requests, plan, settings, name }: PostMeans,
  request: GenerationRequest,
  { signal, received, onProgress }: Pick<CallContext<unknown>, 'signal' | 'received' | 'onProgress'>,
): Promise<GenerationResult> {
  const { n, requestId, isResumable, outputFormat } = request;
  const seed = plan.hasSeed ? request.seed : undefined;
  const each = seed === undefined ? Math.min(plan.imagesPerRequest, n) : 1;
  const identity = [plan.model, hashOf(plan.asked)];
  const results: TaskResult[] = [];
  onProgress({ stage: 'generate', fraction: 0 });
  const made = await makeImages({
    count: n,
    parallel: settings.parallelTasks,
    requests: Math.ceil(n / each),
    signal,
    async make(number) {
      const own = seed === undefined ? undefined : (seed + number) % (seedLimit + 1);
      const task = { count: Math.min(each, n - number * each), ...(own === undefined ? {} : { seed: own }) };
      const { text, isResumed, replace } = await requests.ask(
        { requestId, isResumable, signal, received },
        [...identity, number, task],
        async (stop) => JSON.stringify(await plan.post(task, stop)),
      );
      const { images: sources, details } = keptSchema.parse(JSON.parse(text));
      const files = await fetchAll(sources, settings, signal);
      if (sources.some((source) => 'url' in source)) {
        // Addresses expire. What cannot be written down is used all the same.
        const images = files.map((bytes) => ({ base64: Buffer.from(bytes).toString('base64') }));
        await replace(JSON.stringify({ images, details })).catch(() => {});
      }
      results.push({ files, details, isResumed });
      const images = await Promise.all(files.map((bytes) => readImage(bytes, outputFormat, name)));
      return images.map((image, index) => {
        const known = details.seeds?.[index] ?? (index === 0 ? own : undefined);
        return known === undefined ? image : { ...image, seed: known };
      });
    },
    onMade: (done) => onProgress({ stage: 'generate', fraction: Math.min(1, done / n) }),
  });
  return resultOf(request, plan, made, results);
}

/** The files of an answer; one that is paid and cannot be had is told as such. */
async function fetchAll(sources: readonly ImageSource[], settings: PostSettings, signal: AbortSignal) {
  try {
    return await Promise.all(sources.map((source) => fetchSource(source, settings, signal)));
  } catch (error) {
    throw EaselError.isInstance(error) ? unread(error) : error;
  }
}
