import { EaselError, reasonOf } from '@easel/plugin-sdk';

/** What a connection to the hub failed with, as an error that may pass; one with a code stays as it is. */
export const unreachable = (error: unknown): EaselError =>
  EaselError.isInstance(error)
    ? error
    : new EaselError({
        code: 'ERR_PROVIDER_UNAVAILABLE',
        message: `The hub cannot be reached: ${reasonOf(error).message}.`,
        hint: 'Check the network, and HF_ENDPOINT if it is set; what has come so far is kept.',
        cause: error,
      });
