import { setTimeout as delay } from 'node:timers/promises';
import { EaselError, type ErrorCode, type ValidGenerationResult } from '@easel/plugin-sdk';
import type { Attempt } from '../../results/image-result.js';
import type { Deadline } from '../guard/deadline.js';
import type { GuardedPlugin } from '../guard/guarded-plugin.js';
import type { Candidate } from './candidates.js';

/**
 * Passing faults of a provider; the same one may be asked again. What went wrong in a plugin itself would
 * only go wrong again.
 */
const passing: ReadonlySet<ErrorCode> = new Set(['ERR_PROVIDER_UNAVAILABLE', 'ERR_PROVIDER_RATE_LIMITED']);
const firstPauseMs = 500;
const longestPauseMs = 20_000;

export interface Outcome {
  readonly candidate: Candidate;
  readonly made: ValidGenerationResult;
  readonly attempts: readonly Attempt[];
}

/**
 * Asks one candidate after the other until one has made the pictures. After the last one it begins again,
 * after a pause drawn at random from a range that doubles (full jitter) or as long as a provider asked for,
 * as often as the budget of retries for the whole call allows. Whether to go on is decided by the error's
 * code, and by whether it may have been paid: then no other candidate is asked.
 */
export async function tryCandidates(
  candidates: readonly Candidate[],
  options: {
    readonly retries: number;
    readonly deadline: Pick<Deadline, 'signal' | 'leftMs'>;
    readonly random: () => number;
    /**
     * Waited for before a candidate is asked; what it rejects with ends the call. Absent: it is asked in the
     * same turn.
     */
    readonly beforeAsking: ((candidate: Candidate) => Promise<void>) | undefined;
    /** The plugin that answers for a candidate at this moment. */
    readonly choose: (candidate: Candidate) => GuardedPlugin | Promise<GuardedPlugin>;
    readonly ask: (candidate: Candidate) => Promise<ValidGenerationResult>;
    readonly onAttempt: (attempt: Attempt, candidate: Candidate) => void;
  },
): Promise<Outcome> {
  const { deadline } = options;
  const attempts: Attempt[] = [];
  let remaining = candidates;
  for (let round = 0; ; round++) {
    let last: EaselError | undefined;
    for (const listed of remaining) {
      const startedAt = performance.now();
      if (options.beforeAsking) {
        await options.beforeAsking(listed);
        deadline.signal.throwIfAborted();
      }
      const chosen = options.choose(listed);
      // A call that begins now must be seen by whoever closes the plugin in this same turn.
      const candidate = { ...listed, plugin: chosen instanceof Promise ? await chosen : chosen };
      const note = (outcome: Attempt['outcome']) => {
        const attempt: Attempt = {
          plugin: candidate.plugin.manifest.id,
          model: candidate.model.id,
          pipelineType: candidate.pipelineType,
          outcome,
          durationMs: performance.now() - startedAt,
        };
        attempts.push(attempt);
        options.onAttempt(attempt, candidate);
      };
      try {
        const made = await options.ask(candidate);
        note('ok');
        return { candidate, made, attempts };
      } catch (error) {
        last = asEaselError(error);
        note(last.code);
        if (deadline.signal.aborted) throw last;
        if (last.mayBePaid) {
          remaining = [listed];
          break;
        }
        if (!last.retryable) throw last;
      }
    }
    if (!last || !passing.has(last.code) || round >= options.retries) throw last;
    const jitterMs = options.random() * Math.min(longestPauseMs, firstPauseMs * 2 ** round);
    const pauseMs = last.retryAfterMs ?? jitterMs;
    // A pause that the call will not outlive, such as a quota until midnight, is told at once.
    if (pauseMs > deadline.leftMs) throw last;
    await delay(pauseMs, undefined, { signal: deadline.signal }).catch(() => {
      throw deadline.signal.reason;
    });
  }
}

const asEaselError = (thrown: unknown): EaselError =>
  EaselError.isInstance(thrown)
    ? thrown
    : new EaselError({
        code: 'ERR_INTERNAL',
        message: `Easel failed: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
        cause: thrown,
      });
