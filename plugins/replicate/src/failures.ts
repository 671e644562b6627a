import type { FailureRow } from '@easel/plugin-sdk/provider';

/** Replicate's errors: `{ title, detail, status }`. How long to wait after a 429 stands in the text alone. */
export const failures: readonly FailureRow[] = [
  { status: 402, code: 'ERR_PROVIDER_AUTH' },
  { status: 404, words: /model|version|not found/i, code: 'ERR_MODEL_UNKNOWN' },
];

/** What the error of a prediction that has failed says where its content was refused. */
export const refusal = /NSFW|flagged as sensitive|sensitive content|E005|safety/i;
