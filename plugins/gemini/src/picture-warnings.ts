import type { Warning } from '@easel/plugin-sdk';

/** Says how many pictures came beyond those that were asked for. */
export const surplusWarnings = (surplus: number): Warning[] =>
  surplus === 0
    ? []
    : [{ code: 'other', message: `Google drew ${surplus} more than asked for; they were left out.` }];

/** Says of how many pictures Google had marked the only one there was as a thought of the model. */
export const thoughtWarnings = (thoughts: number): Warning[] =>
  thoughts === 0
    ? []
    : [
        {
          code: 'other',
          message: `Google marked ${thoughts === 1 ? 'an image' : `${thoughts} images`} as a thought of the model, and sent no other in its place; it may be unfinished.`,
        },
      ];
