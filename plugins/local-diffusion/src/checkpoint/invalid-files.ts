import { EaselError } from '@easel/plugin-sdk';

/**
 * The error of a model whose files are missing, damaged or of a kind that this engine cannot open.
 *
 * @param message which file, and what is wrong with it
 * @param hint what to do about it; absent means the sentence of the error table
 */
export function invalidFiles(message: string, hint?: string, cause?: unknown): EaselError {
  return new EaselError({ code: 'ERR_MODEL_FILES_INVALID', message, hint, cause });
}
