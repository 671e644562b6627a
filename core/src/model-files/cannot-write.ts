import { EaselError } from '@easel/plugin-sdk';

/** What to say of a disk that refuses: full, read-only or somebody else's. */
export const cannotWrite = (path: string, cause: unknown): EaselError =>
  new EaselError({
    code: 'ERR_MODEL_FILES_INVALID',
    message: `${path} cannot be written (${(cause as NodeJS.ErrnoException).code ?? (cause as Error).message}).`,
    hint: 'Make room or change its permissions, or name another folder: HF_HOME is that of the cache.',
    cause,
  });
