import type { Progress } from '@easel/plugin-sdk';

/** Share of a call's progress that loading the model is given. */
const loadShare = 0.1;

/** Where a call is: its pictures go through a model one after the other, in one pass or several. */
export interface CallPosition {
  /** From 0. */
  readonly picture: number;
  readonly pictures: number;
  /** Runs through a schedule that were done before, of all pictures. */
  readonly passesDone: number;
  /** Of all pictures. */
  readonly passes: number;
  /** Network calls of this pass: which one has been made, from 0, and how many there are. */
  readonly index: number;
  readonly of: number;
}

/** A call's progress. Steps are counted where a picture is one pass; passes of different lengths are told in words. */
export function progressOf({ picture, pictures, passesDone, passes, index, of }: CallPosition): Progress {
  // The decoder's run counts as one step more.
  const done = (passesDone + (index + 1) / (of + 1)) / passes;
  const name = pictures === 1 ? '' : `picture ${picture + 1} of ${pictures}`;
  const fraction = loadShare + (1 - loadShare) * done;
  if (passes > pictures) {
    const message = `${name}${name && ', '}pass ${passesDone + 1} of ${passes}, step ${index + 1} of ${of}`;
    return { stage: 'generate', fraction, message };
  }
  const counts = { step: picture * of + index + 1, steps: pictures * of };
  return { stage: 'generate', fraction, ...counts, ...(name && { message: name }) };
}
