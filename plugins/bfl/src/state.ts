import { EaselError, type ErrorCode, seedLimit } from '@easel/plugin-sdk';
import type { TaskState } from '@easel/plugin-sdk/provider';
import { z } from 'zod';

/** Older answers call the status `state`. */
export const answerSchema = z
  .object({
    status: z.string().nullish(),
    state: z.string().nullish(),
    progress: z.number().min(0).max(1).nullish(),
    result: z.object({ sample: z.string().nullish(), seed: z.number().nullish() }).nullish(),
    details: z.unknown(),
  })
  .transform(({ status, state, ...rest }) => ({ ...rest, status: status ?? state }));

/**
 * How a task is. A status that nobody knows is an end: one that was waited for would never come.
 *
 * @param credits what it costs, as its beginning told
 */
export function stateOf(
  { status, progress, result, details }: z.output<typeof answerSchema>,
  credits: number | null | undefined,
): TaskState {
  switch (status) {
    case 'Pending':
    case 'Queued':
    case 'Preparing':
    case 'Generating':
      return { kind: 'waiting', ...(typeof progress === 'number' ? { fraction: progress } : {}) };
    case 'Ready': {
      if (!result?.sample)
        return failed('ERR_PROVIDER_BAD_RESPONSE', 'has ended a task without an image', true);
      const { seed } = result;
      const isOfContract =
        typeof seed === 'number' && Number.isInteger(seed) && seed >= 0 && seed <= seedLimit;
      return {
        kind: 'made',
        images: [{ url: result.sample }],
        details: {
          ...(isOfContract ? { seeds: [seed] } : {}),
          // A credit is a cent.
          ...(typeof credits === 'number' ? { cost: { amount: credits / 100, currency: 'USD' } } : {}),
        },
      };
    }
    case 'Request Moderated':
      return failed(
        'ERR_CONTENT_REFUSED',
        `has refused the request on grounds of content${why(details)}`,
        false,
      );
    case 'Content Moderated':
      return failed(
        'ERR_CONTENT_REFUSED',
        `has held the image back on grounds of content${why(details)}`,
        true,
      );
    case 'Task not found':
      return failed('ERR_PROVIDER_BAD_RESPONSE', 'does not know the task any more', true);
    default:
      return failed('ERR_PROVIDER_BAD_RESPONSE', `has ended a task as "${status}"${why(details)}`, true);
  }
}

const why = (details: unknown): string =>
  details === undefined || details === null ? '' : `: ${JSON.stringify(details).slice(0, 500)}`;

const failed = (code: ErrorCode, what: string, mayBePaid: boolean): TaskState => ({
  kind: 'failed',
  failure: new EaselError({
    code,
    message: `Black Forest Labs ${what}.${mayBePaid ? ' It may have been paid.' : ''}`,
    mayBePaid,
  }),
});
