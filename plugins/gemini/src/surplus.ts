import type { Warning } from '@easel/plugin-sdk';

/** Says how many pictures came beyond those that were asked for. */
export const surplusWarnings = (surplus: number): Warning[] =>
  surplus === 0
    ? []
    : [{ code: 'other', message: `Google drew ${surplus} more than asked for; they were left out.` }];
