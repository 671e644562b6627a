import { EaselError } from '@easel/plugin-sdk';
import type { FailureRow } from '@easel/plugin-sdk/provider';

/** Errors of Stability AI: `{ id, name, errors }`. */
export const failures: readonly FailureRow[] = [
  { status: [400, 403], words: /content_moderation|moderation/i, code: 'ERR_CONTENT_REFUSED' },
  { status: 404, code: 'ERR_MODEL_UNKNOWN' },
];

/** Of an answer that is a success by its status, with a blurred image in it. */
export const filtered = () =>
  new EaselError({
    code: 'ERR_CONTENT_REFUSED',
    message: 'Stability AI has blurred the image on grounds of content. It may have been paid.',
    mayBePaid: true,
  });
