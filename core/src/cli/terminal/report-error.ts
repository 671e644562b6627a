import { inspect } from 'node:util';
import type { EaselError } from '@easel/plugin-sdk';
import { exitStatus } from './exit-status.js';
import { printJson, printNote } from './output.js';
import { ServerFailure } from './server-failure.js';
import { UsageError } from './usage-error.js';

interface Reported {
  /** A code of the error table or of a server, or `ERR_USAGE`. */
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/**
 * Says what went wrong: two lines on stderr, with `isVerbose` the stack and causes; with `isJson` also an
 * object on stdout. Answers the exit status.
 */
export async function reportError(
  thrown: unknown,
  { isJson, isVerbose }: { isJson: boolean; isVerbose: boolean },
): Promise<number> {
  const isUsage = thrown instanceof UsageError;
  const { code, message, hint }: Reported = isUsage
    ? { code: 'ERR_USAGE', message: thrown.message, hint: thrown.hint }
    : thrown instanceof ServerFailure
      ? thrown
      : await classify(thrown);
  if (isJson) printJson({ error: { code, message, hint } });
  printNote(`${isUsage ? 'usage error' : `error ${code}`}: ${message}`);
  if (hint !== '') printNote(`  what to do: ${hint}`);
  if (isVerbose && !isUsage) printNote(inspect(thrown));
  return isUsage ? exitStatus.usage : exitStatus.failed;
}

/** The SDK is loaded here only, so that `--help` need not wait for it. */
async function classify(thrown: unknown): Promise<EaselError> {
  const { EaselError } = await import('@easel/plugin-sdk');
  if (EaselError.isInstance(thrown)) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new EaselError({ code: 'ERR_INTERNAL', message, cause: thrown });
}
