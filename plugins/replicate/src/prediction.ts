import { EaselError, type ErrorCode } from '@easel/plugin-sdk';
import type { TaskState } from '@easel/plugin-sdk/provider';
import { z } from 'zod';
import { refusal } from './failures.js';

export const predictionSchema = z.object({
  status: z.enum(['starting', 'processing', 'succeeded', 'failed', 'canceled', 'aborted']),
  output: z.unknown().optional(),
  error: z.unknown().optional(),
  metrics: z.object({ predict_time: z.number().nonnegative().optional() }).nullish(),
});
type Prediction = z.output<typeof predictionSchema>;

const outputSchema = z.union([
  z.string().transform((url) => [url]),
  z.array(z.string()).min(1),
  z.object({ images: z.array(z.string()).min(1) }).transform(({ images }) => images),
]);

/** How a prediction is. `starting` without an output is no failure: it waits for a machine. */
export function stateOf({ status, output, error, metrics }: Prediction): TaskState {
  if (status === 'starting' || status === 'processing') return { kind: 'waiting' };
  const seconds = metrics?.predict_time;
  if (status === 'succeeded') {
    const { success, data } = outputSchema.safeParse(output);
    if (!success) return failed('ERR_PROVIDER_BAD_RESPONSE', 'has made no image', true);
    return {
      kind: 'made',
      images: data.map((url) => ({ url })),
      details: seconds === undefined ? {} : { seconds },
    };
  }
  // A prediction that ran out of its time before it began is not charged, one that was cancelled is.
  if (status === 'aborted') return failed('ERR_PROVIDER_UNAVAILABLE', 'was given up before it began', false);
  if (status === 'canceled') return failed('ERR_PROVIDER_BAD_RESPONSE', 'was cancelled by somebody', true);
  const said = typeof error === 'string' && error !== '' ? error : 'it gave no reason';
  return refusal.test(said)
    ? failed('ERR_CONTENT_REFUSED', `was refused: ${said}`, false)
    : failed('ERR_PROVIDER_BAD_RESPONSE', `has failed: ${said}`, (seconds ?? 0) > 0);
}

const failed = (code: ErrorCode, what: string, mayBePaid: boolean): TaskState => ({
  kind: 'failed',
  failure: new EaselError({
    code,
    message: `A prediction at Replicate ${what.slice(0, 1000)}.${mayBePaid ? ' It may have been paid.' : ''}`,
    mayBePaid,
  }),
});
