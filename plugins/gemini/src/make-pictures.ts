/**
 * Several pictures of one request: Google makes one at a time, and each is paid for by itself, so that those that have come are never
 * given up because of another.
 *
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises';
import { EaselError, errorTable, type Image } from '@easel/plugin-sdk';

export interface MakeOptions {
  readonly count: number;
  readonly parallel: number;
  readonly signal: AbortSignal;
  /**
   * Makes the request of a number from 0; mostly one picture, though a model may draw several at once. A number that has failed is asked for again
   * only where it cannot have been paid. Throws an EaselError.
   */
  readonly make: (number: number) => Promise<readonly Image[]>;
  /** Told of how many there are. */
  readonly onMade: (made: number) => void;
}

export interface Made {
  /** One at least. */
  readonly images: readonly Image[];
  /** Pictures that came beyond those that were asked for. */
  readonly surplus: number;
  /** Why some are missing. Absent: none is. */
  readonly failure: EaselError | undefined;
}

/** Rounds in which missing pictures are asked for again; the kernel takes care of calls that have none at all. */
const rounds = 4;
const firstPauseMs = 1_000;
/** A provider that asks for a longer pause has the call answered with what there is. */
const longestPauseMs = 60_000;

/** Makes the pictures, or as many as there can be. Throws the first failure where there are none. */
export async function makePictures(options: MakeOptions): Promise<Made> {
  const { count, signal } = options;
  const images: Image[] = [];
  const open = Array.from({ length: count }, (_, number) => number);
  let failure: EaselError | undefined;
  for (let round = 0; round < rounds && images.length < count; round++) {
    if (failure && !(await waitFor(failure, round, signal))) break;
    failure = await makeRound(options, images, open);
    if (failure && images.length === 0) throw failure;
  }
  const surplus = Math.max(0, images.length - count);
  return { images: images.slice(0, count), surplus, failure: images.length < count ? failure : undefined };
}

/** One request for each picture that is missing; answers the first failure. What cannot succeed is not begun. */
async function makeRound(
  { count, parallel, make, onMade }: MakeOptions,
  images: Image[],
  open: number[],
): Promise<EaselError | undefined> {
  const round = open.splice(0, count - images.length);
  let failure: EaselError | undefined;
  let isHopeless = false;
  const work = async () => {
    for (let number = round.shift(); number !== undefined && !isHopeless; number = round.shift()) {
      try {
        images.push(...(await make(number)));
        onMade(Math.min(images.length, count));
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

/** The one that says more of whether to go on: what may have been paid, then what is final, then what may pass. */
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
