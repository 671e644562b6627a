import type { FailureRow } from '@easel/plugin-sdk/provider';

/** fal's errors: `{ detail: [{ loc, msg, type }] }`, or a text as `detail`. */
export const failures: readonly FailureRow[] = [
  { words: /content_policy_violation/, code: 'ERR_CONTENT_REFUSED' },
  { status: 403, words: /exhausted balance|locked/i, code: 'ERR_PROVIDER_AUTH' },
  { status: 404, words: /application|path/i, code: 'ERR_MODEL_UNKNOWN' },
];
