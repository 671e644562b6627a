import { EaselError, type GenerationRequest, type Image } from '@easel/plugin-sdk';
import { unread } from '@easel/plugin-sdk/paid';
import type { Options } from '../options.js';
import type { PictureTask } from '../request/picture-tasks.js';
import { fromWire } from '../request/seeds.js';
import type { Config } from '../settings.js';
import type { Done, TaskClient } from '../tasks/task-client.js';
import { backoffMs } from '../transport/backoff.js';
import { pause } from '../transport/pause.js';
import type { Item } from '../wire/frame.js';
import { isPicture } from './is-picture.js';
import { readPicture } from './read-picture.js';

export interface Picture {
  readonly image: Image;
  /** Runware has found it not to be safe for work. */
  readonly isFlagged: boolean;
  /** US dollars. Absent: it was not told. */
  readonly cost?: number | undefined;
}

export interface Made {
  readonly pictures: readonly Picture[];
  readonly taskUUIDs: readonly string[];
  /** Tasks among them that an earlier call had sent. */
  readonly adopted: number;
  /** Why there are fewer pictures than were asked for. Absent: there are not. */
  readonly failure?: EaselError | undefined;
  /** Ends all of its tasks. */
  readonly end: MadeOne['end'];
}

export interface MakeOptions {
  readonly client: TaskClient;
  readonly config: Config;
  readonly options: Options;
  readonly outputFormat: GenerationRequest['outputFormat'];
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** Told of 0 to 1 of all. */
  readonly onProgress: (fraction: number) => void;
}

/**
 * Times that one of several tasks is made anew after a failure that may pass. A call of one task leaves that
 * to the kernel.
 */
const mostRepeats = 2;

/**
 * Makes the pictures of all tasks, beside each other. What has been made is kept, whatever becomes of the
 * others.
 * @throws EaselError the first failure, where there are no pictures at all
 */
export async function makePictures(tasks: readonly PictureTask[], context: MakeOptions): Promise<Made> {
  const fractions = tasks.map(() => 0);
  const outcomes = await Promise.allSettled(
    tasks.map((task, index) =>
      makePatiently(task, tasks.length > 1 ? mostRepeats : 0, context, (fraction) => {
        fractions[index] = Math.max(fractions[index] ?? 0, fraction);
        context.onProgress(fractions.reduce((sum, part) => sum + part, 0) / tasks.length);
      }),
    ),
  );
  const made = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const failures = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [outcome.reason as EaselError] : [],
  );
  const pictures = made.flatMap(({ result }) => result.pictures);
  const failure = failures[0] ?? made.find(({ result }) => result.failure)?.result.failure;
  if (pictures.length === 0 && failure) throw failure;
  return {
    pictures,
    taskUUIDs: made.map(({ taskUUID }) => taskUUID),
    adopted: made.filter(({ isAdopted }) => isAdopted).length,
    failure,
    end(how) {
      for (const one of made) one.end(how);
    },
  };
}

type MadeOne = Done<{ pictures: Picture[]; failure?: EaselError | undefined }>;

async function makePatiently(
  task: PictureTask,
  repeats: number,
  context: MakeOptions,
  onProgress: (fraction: number) => void,
): Promise<MadeOne> {
  for (let failures = 1; ; failures++) {
    try {
      return await makeOne(task, context, onProgress);
    } catch (error) {
      const mayPass =
        EaselError.isInstance(error) &&
        (error.code === 'ERR_PROVIDER_RATE_LIMITED' || error.code === 'ERR_PROVIDER_UNAVAILABLE');
      if (!mayPass || failures > repeats) throw error;
      // A task in doubt is taken up again, and not made twice.
      await pause(error.retryAfterMs ?? backoffMs(failures, context.random), context.signal);
    }
  }
}

async function makeOne(
  task: PictureTask,
  context: MakeOptions,
  onProgress: (fraction: number) => void,
): Promise<MadeOne> {
  const { client, signal } = context;
  const { seeds } = task;
  const order = { ...task, isResult: isPicture, signal, onProgress };
  return await client.perform(order, async ({ items, failure }) => ({
    pictures: await Promise.all(
      inOrder(items, seeds).map(async ({ item, seed }) => ({
        image: { ...(await readPaid(item, context)), ...(seed === undefined ? {} : { seed }) },
        isFlagged: item.NSFWContent === true,
        cost: item.cost,
      })),
    ),
    failure,
  }));
}

/** What keeps a paid picture from being read is not a reason to have another one made. */
async function readPaid(item: Item, context: MakeOptions): ReturnType<typeof readPicture> {
  return await readPicture(item, context).catch((error: unknown) => {
    throw EaselError.isInstance(error) ? unread(error) : error;
  });
}

/** Pictures of one task in the order of its seeds: they come as they get ready, and tell their seeds. */
function inOrder(items: readonly Item[], seeds: readonly number[] | undefined) {
  const told = items.map((item) => ({ item, seed: fromWire(item.seed) }));
  if (!seeds) return told;
  const [only] = seeds;
  // One picture has the seed that was asked for, also where a model does not tell it back.
  if (items.length === 1 && seeds.length === 1)
    return told.map(({ item, seed }) => ({ item, seed: seed ?? only }));
  const rank = (seed: number | undefined) => {
    const at = seed === undefined ? -1 : seeds.indexOf(seed);
    return at === -1 ? seeds.length : at;
  };
  return told.sort((one, other) => rank(one.seed) - rank(other.seed));
}
