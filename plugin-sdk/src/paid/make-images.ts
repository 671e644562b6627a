import { setTimeout as pause } from 'node:timers/promises';
import { errorTable } from '../error-table.js';
import { EaselError } from '../errors.js';
import type { Image } from '../image.js';

export interface MakeImagesOptions {
  /** Images that are wanted. */
  readonly count: number;
  /** Requests beside each other. */
  readonly parallel: number;
  /** Requests that make them, numbered from 0. Absent: one for each image. */
  readonly requests?: number;
  readonly signal: AbortSignal;
  /**
   * Makes the request of a number; mostly one image, though a model may make several at once. A number that
   * has failed is asked for again only where it cannot have been paid. Throws an EaselError.
   */
  readonly make: (number: number) => Promise<readonly Image[]>;
  /** Told of how many there are. */
  readonly onMade: (made: number) => void;
}

export interface MadeImages {
  /** One at least, in the order of the requests. */
  readonly images: readonly Image[];
  /** Images that came beyond those that were asked for. */
  readonly surplus: number;
  /** Why some are missing. Absent: none is. */
  readonly failure: EaselError | undefined;
}

/**
 * Rounds in which missing images are asked for again; the kernel takes care of calls that have none at all.
 */
const rounds = 4;
const firstPauseMs = 1_000;
/** A provider that asks for a longer pause has the call answered with what there is. */
const longestPauseMs = 60_000;

/**
 * Makes several images of one call where each is paid by a request of its own, or as many as there can be:
 * those that have come are never given up because of another. What failed in a way that may pass, and cannot
 * have been paid, is asked for again after a pause.
 *
 * @throws the failure that says most where there are none
 */
export async function makeImages(options: MakeImagesOptions): Promise<MadeImages> {
  const { count, requests = count, signal } = options;
  const made: Image[][] = [];
  const open = Array.from({ length: requests }, (_, number) => number);
  let failure: EaselError | undefined;
  for (let round = 0; round < rounds && made.flat().length < count; round++) {
    if (failure && !(await waitFor(failure, round, signal))) break;
    failure = await makeRound(options, made, open);
    if (failure && made.length === 0) throw failure;
  }
  const images = made.flat();
  const surplus = Math.max(0, images.length - count);
  return { images: images.slice(0, count), surplus, failure: images.length < count ? failure : undefined };
}

/**
 * One request for each image that is missing; answers the first failure. What cannot succeed is not begun.
 */
async function makeRound(
  { count, parallel, make, onMade }: MakeImagesOptions,
  made: Image[][],
  open: number[],
): Promise<EaselError | undefined> {
  const round = open.splice(0, count - made.flat().length);
  let failure: EaselError | undefined;
  let isHopeless = false;
  const work = async () => {
    for (let number = round.shift(); number !== undefined && !isHopeless; number = round.shift()) {
      try {
        made[number] = [...(await make(number))];
        onMade(Math.min(made.flat().length, count));
      } catch (error) {
        failure = worse(failure, error);
        isHopeless ||= !errorTable[failure.code].retryable;
        if (isPassing(error as EaselError)) open.push(number);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, round.length) }, work));
  return failure;
}

/**
 * The one that says more of whether to go on: what may have been paid, then what is final, then what may
 * pass.
 */
function worse(known: EaselError | undefined, thrown: unknown): EaselError {
  if (!EaselError.isInstance(thrown)) throw thrown;
  return known === undefined || weightOf(thrown) > weightOf(known) ? thrown : known;
}

function weightOf(failure: EaselError): number {
  if (failure.mayBePaid) return 3;
  return isPassing(failure) ? 0 : failure.retryable ? 1 : 2;
}

const isPassing = ({ code }: EaselError): boolean =>
  code === 'ERR_PROVIDER_RATE_LIMITED' || code === 'ERR_PROVIDER_UNAVAILABLE';

/** Whether it is worth asking again, after the pause. Nothing is repeated that may have been paid. */
async function waitFor(failure: EaselError, round: number, signal: AbortSignal): Promise<boolean> {
  const { retryAfterMs = firstPauseMs * 2 ** (round - 1) } = failure;
  if (!isPassing(failure) || retryAfterMs > longestPauseMs) return false;
  return await pause(retryAfterMs, true, { signal }).catch(() => false);
}
