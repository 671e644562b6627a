import { createHash } from 'node:crypto';
import type { EaselError } from '../errors.js';
import type { GenerationRequest } from '../generation.js';
import { type Image, seedLimit } from '../image.js';
import { convertImage } from '../images/index.js';
import { makeImages } from '../paid/index.js';
import type { CallContext } from '../plugin.js';
import type { GenerationResult, Warning } from '../result.js';
import type { AsyncTasks } from './async-tasks.js';
import { unusable } from './failures.js';
import { costOf, type Price } from './price.js';
import { resultWarnings } from './result-warnings.js';
import type { TaskResult } from './task-order.js';
import type { TaskSettings } from './task-settings.js';

/** What a call is in a provider's words. */
export interface TaskPlan<Ticket> {
  /** All that it asks for but the seed: JSON. Only its hash is written down. */
  readonly asked: unknown;
  /** The provider's id of the model. */
  readonly model: string;
  /** Images that one task makes, at most. */
  readonly imagesPerTask: number;
  /** Whether the model takes a seed. Each image is a task of its own then, where one is asked for. */
  readonly hasSeed: boolean;
  /** Absent: the provider tells, or nobody knows. */
  readonly price?: Price | undefined;
  readonly warnings: readonly Warning[];
  /**
   * Asks the provider to begin, once. Rejects with an EaselError that says by `mayBePaid` whether it may have
   * begun.
   */
  submit(task: TaskToSubmit, signal: AbortSignal): Promise<Ticket>;
}

/** A task as it is asked for. */
export interface TaskToSubmit {
  /** Images. */
  readonly count: number;
  /** Absent: the model takes none, or none was asked for. */
  readonly seed?: number;
  /** Where the provider is to tell that it has ended. Absent: nowhere. */
  readonly webhookUrl?: string | undefined;
}

export interface GenerateMeans<Ticket> {
  readonly tasks: AsyncTasks<Ticket>;
  readonly plan: TaskPlan<Ticket>;
  readonly settings: TaskSettings;
  /** The provider, as people call it. */
  readonly name: string;
}

/**
 * Makes the images of a call by as many tasks as that takes, beside each other. What has been made is given,
 * whatever becomes of the others.
 */
export async function generateByTasks<Ticket>(
  { tasks, plan, settings, name }: GenerateMeans<Ticket>,
  request: GenerationRequest,
  call: Pick<CallContext<unknown>, 'signal' | 'received' | 'onProgress'>,
): Promise<GenerationResult> {
  const { n, requestId, isResumable = false, outputFormat } = request;
  const { signal, received, onProgress } = call;
  const seed = plan.hasSeed ? request.seed : undefined;
  const perTask = seed === undefined ? Math.min(plan.imagesPerTask, n) : 1;
  const results: TaskResult[] = [];
  const fractions: number[] = [];
  const count = Math.ceil(n / perTask);
  const tell = (number: number, fraction: number) => {
    fractions[number] = Math.max(fractions[number] ?? 0, Math.min(1, fraction));
    const done = fractions.reduce((sum, one = 0) => sum + one, 0);
    onProgress({ stage: 'generate', fraction: Math.min(1, done / count) });
  };
  onProgress({ stage: 'generate', fraction: 0 });
  await tasks.refresh(requestId, signal);
  const made = await makeImages({
    count: n,
    parallel: settings.parallelTasks,
    requests: count,
    signal,
    async make(number) {
      const own = seed === undefined ? undefined : (seed + number) % (seedLimit + 1);
      const task = {
        count: Math.min(perTask, n - number * perTask),
        ...(own === undefined ? {} : { seed: own }),
      };
      const fingerprint = hashOf([plan.model, plan.asked, task, own === undefined ? number : 0]);
      const result = await tasks.run({
        identity: { fingerprint, requestId, isRepeatable: own !== undefined },
        model: plan.model,
        count: task.count,
        isResumable,
        signal,
        received,
        submit: (stop, webhookUrl) => plan.submit({ ...task, webhookUrl }, stop),
        onProgress: (fraction) => tell(number, fraction),
      });
      results.push(result);
      const images = await Promise.all(result.files.map((bytes) => readImage(bytes, outputFormat, name)));
      const seedOf = (index: number) => result.details.seeds?.[index] ?? (index === 0 ? own : undefined);
      return images.map((image, index) => {
        const known = seedOf(index);
        return known === undefined ? image : { ...image, seed: known };
      });
    },
    onMade: (done) =>
      onProgress({ stage: 'generate', fraction: Math.max(done / n, sumOf(fractions) / count) }),
  });
  return resultOf(request, plan, made, results);
}

/** Seconds of computing of all tasks. Undefined: one does not tell. */
function secondsOf(results: readonly TaskResult[]): number | undefined {
  const told = results.flatMap(({ details }) => details.seconds ?? []);
  return told.length < results.length ? undefined : sumOf(told);
}

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, one = 0) => sum + one, 0);

export const hashOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex');

/** An image of an answer that has been paid, in the format that was asked for. */
export async function readImage(
  bytes: Uint8Array<ArrayBuffer>,
  outputFormat: GenerationRequest['outputFormat'],
  name: string,
): Promise<Image> {
  try {
    return await convertImage(bytes, outputFormat);
  } catch (cause) {
    throw unusable(name, `an image of it ${(cause as Error).message}`, true, cause);
  }
}

/** What the requests of a call have made, with all that there is to say of it. */
export function resultOf(
  request: GenerationRequest,
  plan: Pick<TaskPlan<unknown>, 'warnings' | 'price'>,
  made: { readonly images: readonly Image[]; readonly failure: EaselError | undefined },
  results: readonly TaskResult[],
): GenerationResult {
  const warnings: Warning[] = [...plan.warnings];
  for (const { details } of results)
    for (const message of details.warnings ?? []) warnings.push({ code: 'other', message });
  warnings.push(...resultWarnings(request, made));
  const told = results.flatMap(({ details }) => details.cost ?? []);
  const cost =
    told.length > 0 && told.length === results.length
      ? {
          amount: Number(sumOf(told.map(({ amount }) => amount)).toFixed(8)),
          currency: told[0]?.currency as string,
        }
      : costOf(plan.price, made.images, secondsOf(results));
  const resumed = results.filter(({ isResumed }) => isResumed).length;
  return {
    images: [...made.images],
    warnings,
    ...(cost ? { cost } : {}),
    parameters: {
      ...Object.assign({}, ...results.map(({ details }) => details.parameters ?? {})),
      ...(resumed > 0 ? { resumed } : {}),
      ...(cost && plan.price ? { pricesAsOf: plan.price.asOf } : {}),
    },
  };
}
