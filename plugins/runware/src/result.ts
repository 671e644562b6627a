import {
  EaselError,
  type GenerationRequest,
  type GenerationResult,
  seedLimit,
  type Warning,
} from '@easel/plugin-sdk';
import type { Enhanced } from './enhance-prompt.js';
import type { Options } from './options.js';
import type { Made } from './pictures/make-pictures.js';
import { droppedScheduleOf, labelOf } from './request/schedulers.js';
import { seedOf } from './request/seeds.js';

export interface Gathered {
  readonly request: GenerationRequest;
  readonly options: Options;
  readonly made: Made;
  /** Absent: it was not asked for. */
  readonly enhanced?: Enhanced | undefined;
  /** Runware's name of the sampler. Absent: it chose. */
  readonly scheduler?: unknown;
  readonly timings: Readonly<Record<string, number>>;
}

/**
 * @throws EaselError ERR_CONTENT_REFUSED where all pictures were flagged and flagged ones are to be held back
 */
export function resultOf({
  request,
  options,
  made,
  enhanced,
  scheduler,
  timings,
}: Gathered): GenerationResult {
  const held = options.flagged === 'refuse' ? made.pictures.filter(({ isFlagged }) => isFlagged) : [];
  const given = made.pictures.filter((picture) => !held.includes(picture));
  if (given.length === 0)
    throw new EaselError({
      code: 'ERR_CONTENT_REFUSED',
      message: `Runware found the content of ${held.length === 1 ? 'the picture' : `all ${held.length} pictures`} not to be safe for work.`,
    });
  const images = given.map(({ image }) => image);
  const cost = costOf(made, enhanced);
  return {
    images,
    warnings: [
      ...requestWarnings(request, options),
      ...scheduleWarnings(request, options),
      ...(enhanced?.problem === undefined ? [] : [other(enhanced.problem, 'prompt')]),
      ...contentWarnings(given.filter(({ isFlagged }) => isFlagged).length, held.length),
      ...countWarnings(request, made),
      ...seedWarnings(request, options, images),
    ],
    ...(cost === undefined ? {} : { cost: { amount: cost, currency: 'USD' } }),
    timings,
    samplerLabel: typeof scheduler === 'string' ? labelOf(scheduler) : undefined,
    parameters: {
      tasks: [...made.taskUUIDs],
      ...(made.adopted > 0 ? { adoptedTasks: made.adopted } : {}),
      ...(typeof scheduler === 'string' ? { scheduler } : {}),
      ...(enhanced?.prompt === undefined ? {} : { enhancedPrompt: enhanced.prompt }),
    },
  };
}

/** Dollars of all that was made. Undefined: Runware did not tell of some. */
function costOf({ pictures }: Made, enhanced: Enhanced | undefined): number | undefined {
  const parts = pictures.map(({ cost }) => cost);
  if (parts.some((cost) => cost === undefined)) return undefined;
  const sum = parts.reduce<number>((total, cost) => total + (cost ?? 0), enhanced?.cost ?? 0);
  // Sums of decimal fractions get tails; Runware tells no more than eight places.
  return Number(sum.toFixed(8));
}

function scheduleWarnings({ sampler }: GenerationRequest, { scheduler }: Options): Warning[] {
  const dropped = sampler === undefined || scheduler !== undefined ? undefined : droppedScheduleOf(sampler);
  if (dropped === undefined) return [];
  const message = `The schedule "${dropped}" had no effect: Runware does not have ${sampler}.`;
  return [{ code: 'parameter-dropped', parameter: 'sampler', message }];
}

/** What was asked for and has no effect. */
function requestWarnings(request: GenerationRequest, { imagesAs, task }: Options): Warning[] {
  const { strength, inputImages, mask, model } = request;
  const dropped = (parameter: string, why: string): Warning => ({
    code: 'parameter-dropped',
    parameter,
    message: `${parameter}: ${why}.`,
  });
  if (task !== undefined)
    return (['width', 'height'] as const)
      .filter((edge) => request[edge] !== model.defaults[edge])
      .map((edge) => dropped(edge, `the input image says it, where the task is ${task}`));
  if (imagesAs === 'seedImage' || inputImages.length === 0) return [];
  return [
    ...(strength === undefined
      ? []
      : [dropped('strength', 'a model that takes reference images has no strength')]),
    ...(mask === undefined ? [] : [dropped('mask', 'a model that takes reference images has no mask')]),
  ];
}

function contentWarnings(flagged: number, held: number): Warning[] {
  return [
    ...(flagged > 0
      ? [other(`Runware found the content of ${flagged} of the pictures not to be safe for work.`)]
      : []),
    ...(held > 0
      ? [other(`${held} of the pictures were held back: Runware found them not to be safe for work.`, 'n')]
      : []),
  ];
}

function countWarnings({ n }: GenerationRequest, { pictures, failure }: Made): Warning[] {
  if (!failure) return [];
  return [
    other(`${pictures.length} of ${n} pictures were made; then: ${failure.code}: ${failure.message}`, 'n'),
  ];
}

function seedWarnings(
  { seed, n }: GenerationRequest,
  { seeds }: Options,
  images: readonly { seed?: number | undefined }[],
): Warning[] {
  if (seed === undefined) return [];
  const used = Array.from({ length: n }, (_, index) => seedOf(seed, index, seeds));
  const other = used.findIndex((value, index) => value !== (seed + index) % (seedLimit + 1));
  if (other !== -1) {
    const message = `Seed ${(seed + other) % (seedLimit + 1)} is not one that the model takes; ${used[other]} was used.`;
    return [adapted(message)];
  }
  const asked = new Set(used);
  const strange = images.find((image) => image.seed === undefined || !asked.has(image.seed));
  return strange
    ? [adapted(`Runware used seed ${strange.seed ?? '(unknown)'}, which was not asked for.`)]
    : [];
}

const adapted = (message: string): Warning => ({ code: 'parameter-adapted', parameter: 'seed', message });

const other = (message: string, parameter?: string): Warning => ({
  code: 'other',
  message,
  ...(parameter === undefined ? {} : { parameter }),
});
