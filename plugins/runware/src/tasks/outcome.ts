import { EaselError } from '@easel/plugin-sdk';
import type { Item } from '../wire/frame.js';

/** How a task ended of which nothing comes. */
export type Ending = 'failed' | 'not-taken' | 'lost';

/**
 * It may have been taken, and may be paid: the same call, sent again, has to ask for it and not to pay again.
 */
export interface Doubtful {
  readonly kind: 'doubtful';
  readonly failure: EaselError;
}

/** What came of a task. */
export type Outcome =
  | {
      readonly kind: 'made';
      readonly items: readonly Item[];
      /** Why there are fewer results than were asked for. Absent: there are not. */
      readonly failure?: EaselError | undefined;
    }
  /** It has ended, and there is nothing to come any more. */
  | { readonly kind: 'failed'; readonly ending: Ending; readonly failure: EaselError }
  | Doubtful;

const askAgain =
  'Send the same call again, with the same seed: it asks Runware for the pictures that may have been paid, and does not pay twice.';

/** @param failure what keeps it from being asked for */
export const outOfReach = (taskUUID: string, failure: EaselError): Doubtful => ({
  kind: 'doubtful',
  failure: new EaselError({
    code: failure.code,
    message: `${failure.message} Task ${taskUUID} may have been taken and paid.`,
    hint: askAgain,
    retryAfterMs: failure.retryAfterMs,
    mayBePaid: true,
    cause: failure,
  }),
});

export const silent = (taskUUID: string, silenceMs: number): Outcome => ({
  kind: 'doubtful',
  failure: new EaselError({
    code: 'ERR_PROVIDER_UNAVAILABLE',
    message: `Runware has not said a word about task ${taskUUID} for ${silenceMs} ms; it may have been taken and paid.`,
    hint: askAgain,
    mayBePaid: true,
  }),
});

export const notArriving = (taskUUID: string, sends: number): Outcome => ({
  kind: 'failed',
  ending: 'not-taken',
  failure: new EaselError({
    code: 'ERR_PROVIDER_UNAVAILABLE',
    message: `Runware does not know task ${taskUUID}, which was sent ${sends} times, nor does its archive; it has not been paid.`,
  }),
});

export const vanished = (taskUUID: string): Outcome => ({
  kind: 'failed',
  ending: 'lost',
  failure: new EaselError({
    code: 'ERR_PROVIDER_BAD_RESPONSE',
    message: `Runware has taken task ${taskUUID}, and does not know it any more; it may have been paid.`,
    hint: 'Ask Runware what became of the task; send the call again if you take the risk of paying twice.',
    mayBePaid: true,
  }),
});
