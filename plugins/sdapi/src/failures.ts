import { EaselError } from '@easel/plugin-sdk';
import type { FailureRow } from '@easel/plugin-sdk/provider';

/** Automatic1111's errors: `{ detail }`, and `{ error, detail, body, errors }` for those of Python. */
export const failures: readonly FailureRow[] = [
  // The same call would fail in the same way.
  { status: 500, words: /out of memory|OutOfMemory/i, code: 'ERR_REQUEST_INVALID' },
];

export const withoutImage = () =>
  new EaselError({
    code: 'ERR_PROVIDER_BAD_RESPONSE',
    message: 'The server answered without an image: somebody has interrupted its work.',
  });
