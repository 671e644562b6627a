import type { FailureRow } from '@easel/plugin-sdk/provider';

/** Errors of Black Forest Labs: `{ detail }`, a text or FastAPI's list. */
export const failures: readonly FailureRow[] = [
  { status: [403, 422], words: /moderat|content policy/i, code: 'ERR_CONTENT_REFUSED' },
  { status: 404, code: 'ERR_MODEL_UNKNOWN' },
];
