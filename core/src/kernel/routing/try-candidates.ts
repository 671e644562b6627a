import { setTimeout as delay } from 'node:timers/promises';
import { EaselError, type ErrorCode, errorTable, type ValidGenerationResult } from '@easel/plugin-sdk';
import type { Attempt } from '../../results/image-result.js';
import type { Deadline } from '../guard/deadline.js';
import type { GuardedPlugin } from '../guard/guarded-plugin.js';
import type { Candidate } from './candidates.js';

/**
 * Passing faults of a provider; the same one may be asked again. What went wrong in a plugin itself would
 * only go wrong again, but in another version of it.
 */
const passing: ReadonlySet<ErrorCode> = new Set(['ERR_PROVIDER_UNAVAILABLE', 'ERR_PROVIDER_RATE_LIMITED']);
const firstPauseMs = 500;
const longestPauseMs = 20_000;

/** What a version of a plugin does wrong, or has done too often. */
const isOwnFault = ({ code }: EaselError): boolean =>
  ['author', 'plugin'].includes(errorTable[code].fault) || code === 'ERR_CIRCUIT_OPEN';

export interface Outcome {
  readonly candidate: Candidate;
  readonly made: ValidGenerationResult;
  readonly attempts: readonly Attempt[];
}

/**
 * Asks one candidate after the other until one has made the pictures. After the last one it begins again,
 * after a pause drawn at random from a range that doubles (full jitter) or as long as a provider asked for,
 * as often as the budget of retries for the whole call allows. Whether to go on is decided by the error's
 * code, and by whether it may have been paid: then no other candidate is asked. Where a version of a plugin
 * fails by itself, another one of the same plugin is asked first.
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
    /** Another version that may answer where this one has failed by itself. Undefined: there is none. */
    readonly otherVersion: (
      failed: GuardedPlugin,
    ) => GuardedPlugin | undefined | Promise<GuardedPlugin | undefined>;
    readonly ask: (candidate: Candidate) => Promise<ValidGenerationResult>;
    readonly onAttempt: (attempt: Attempt, candidate: Candidate) => void;
  },
): Promise<Outcome> {
  const { deadline } = options;
  const attempts: Attempt[] = [];
  const attempt = async (candidate: Candidate, startedAt: number, isSecond = false): Promise<Outcome> => {
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
      const failed = asEaselError(error);
      note(failed.code);
      const mayAskAnother = !isSecond && !deadline.signal.aborted && !failed.mayBePaid && isOwnFault(failed);
      const found = mayAskAnother ? options.otherVersion(candidate.plugin) : undefined;
      const plugin = found instanceof Promise ? await found : found;
      if (!plugin) throw failed;
      return await attempt({ ...candidate, plugin }, performance.now(), true);
    }
  };
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
      try {
        return await attempt(candidate, startedAt);
      } catch (error) {
        last = asEaselError(error);
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
