import { z } from 'zod';

const milliseconds = (defaultMs: number, most = 86_400_000) => z.int().min(1).max(most).default(defaultMs);

/**
 * The fields of a plugin's configuration that are about batches, to be put beside its own.
 *
 * @param mostLines requests of a batch, at most
 */
export const batchSettings = (mostLines: number) => ({
  gatherMs: milliseconds(2_000, 3_600_000).describe(
    'Milliseconds that the first request of a batch waits for others. Absent: 2,000.',
  ),
  fullAt: z
    .int()
    .min(1)
    .max(mostLines)
    .default(500)
    .describe(
      `Pictures with which a batch is sent at once, up to ${mostLines.toLocaleString('en')}. Absent: 500.`,
    ),
  firstPollMs: milliseconds(5_000).describe(
    'Milliseconds until a batch is looked at for the first time; half as long again each time. Absent: 5,000.',
  ),
  longestPollMs: milliseconds(60_000).describe(
    'Milliseconds that the pauses between two looks grow to. Absent: 60,000.',
  ),
  settleMs: milliseconds(60_000).describe(
    'Milliseconds after a request for a batch has failed within which the batch, if there is one, comes into the list of batches. Absent: 60,000.',
  ),
  keepMs: milliseconds(7 * 86_400_000, 365 * 86_400_000).describe(
    'Milliseconds that a paid picture whose call was lost is kept for it to be sent again. Absent: a week.',
  ),
});

/** What {@link batchSettings} read. */
export type BatchSettings = z.output<z.ZodObject<ReturnType<typeof batchSettings>>>;

/** For `refine`: pauses cannot shrink. */
export const pausesGrow = ({
  firstPollMs,
  longestPollMs,
}: Pick<BatchSettings, 'firstPollMs' | 'longestPollMs'>): boolean => firstPollMs <= longestPollMs;

/** What {@link pausesGrow} is refined with. */
export const pausesShrink = { path: ['firstPollMs'], message: 'is larger than longestPollMs' };

/** The name of a call among a plugin's options. */
export const callName = z.string().min(1).max(200).optional();
