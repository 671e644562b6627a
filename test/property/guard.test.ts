import {
  EaselError,
  type ErrorCode,
  errorCodes,
  errorTable,
  type GenerationRequest,
  manifestSchema,
} from '@easel/plugin-sdk';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startDeadline } from '../../core/src/kernel/guard/deadline.js';
import { GuardedPlugin } from '../../core/src/kernel/guard/guarded-plugin.js';
import { type Behaviour, scriptedSupervisor } from './scripted-supervisor.js';

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
  });
});
afterEach(() => void vi.useRealTimers());

const runtime = { concurrency: 2, queue: 3 };
const breaker = { minimumCalls: 4, errorThresholdPercent: 50, windowMs: 60_000, resetMs: 5_000 };
const leastFailures = (breaker.minimumCalls * breaker.errorThresholdPercent) / 100;
const manifest = manifestSchema.parse({
  id: 'scripted',
  version: '1.0.0',
  sdk: '^0.1.0',
  entry: 'index.js',
  handles: [{ type: 'scripted' }],
  runtime,
  breaker,
});

interface Step {
  readonly behaviour: Behaviour;
  readonly takesMs: number;
  readonly timeoutMs: number;
  readonly abortAfterMs: number | undefined;
  readonly caller: string;
  /** What passes before the next step. */
  readonly thenMs: number;
}

const stepWith = (behaviours: readonly Behaviour[], shortestTimeoutMs: number): fc.Arbitrary<Step> =>
  fc.record({
    behaviour: fc.constantFrom(...behaviours),
    takesMs: fc.constantFrom(0, 1, 50, 700),
    timeoutMs: fc.constantFrom(shortestTimeoutMs, 60_000),
    abortAfterMs: fc.constantFrom(undefined, undefined, 0, 1, 50, 400),
    caller: fc.constantFrom('one', 'other'),
    thenMs: fc.constantFrom(0, 0, 1, 100, 1_000, 6_000),
  });

/** A plugin in its guard, the calls that were made, and how its circuit moved. */
function guard() {
  const circuit: string[] = [];
  let probesFrom = 0;
  const { supervisor, runs } = scriptedSupervisor();
  const plugin = new GuardedPlugin({
    plugin: { manifest, path: '/scripted', folder: '/scripted', entry: '/scripted/index.js' },
    supervisor,
    now: () => performance.now(),
    events: {
      emit(name) {
        circuit.push(name);
        if (name === 'circuit-half-open') probesFrom = runs.succeeded;
        // Whatever else the probe answers is no proof that the plugin is well again.
        if (name === 'circuit-closed' && runs.succeeded === probesFrom) circuit.push('unproven');
      },
    },
  });
  const calls: { settled: number; outcome: 'ok' | ErrorCode | undefined }[] = [];
  return {
    /** Whatever happens in that time, there is never more work than there may be. */
    async pass(ms: number): Promise<void> {
      await vi.advanceTimersByTimeAsync(ms);
      expect(Math.max(plugin.inFlight, runs.running)).toBeLessThanOrEqual(runtime.concurrency);
      expect(plugin.queued).toBeLessThanOrEqual(runtime.queue);
    },
    plugin,
    circuit,
    calls,
    runs,
    call({ behaviour, takesMs, timeoutMs, abortAfterMs, caller }: Omit<Step, 'thenMs'>) {
      const cancel = new AbortController();
      if (abortAfterMs !== undefined) setTimeout(() => cancel.abort(), abortAfterMs);
      const deadline = startDeadline(timeoutMs, cancel.signal);
      const request: Partial<GenerationRequest> = { options: { behaviour, takesMs } };
      const call: (typeof calls)[number] = { settled: 0, outcome: undefined };
      const settle = (outcome: 'ok' | ErrorCode) => {
        call.settled++;
        call.outcome = outcome;
        deadline.clear();
      };
      calls.push(call);
      plugin
        .generate('scripted', request as GenerationRequest, {
          signal: deadline.signal,
          onProgress: () => {},
          caller,
        })
        .then(
          () => settle('ok'),
          (error: unknown) => settle(EaselError.isInstance(error) ? error.code : 'ERR_INTERNAL'),
        );
      return call;
    },
  };
}

const counts = (outcome: string | undefined) =>
  outcome !== undefined && outcome !== 'ok' && errorTable[outcome as ErrorCode].countsForBreaker;

it('every call settles once and gives its place back, whatever it does, and the circuit closes again', async () => {
  const often: readonly Behaviour[] = ['ok', 'ok', 'hang', 'deaf', 'ERR_PLUGIN_FAILED'];
  const step = stepWith([...often, ...often, ...often, ...often, ...errorCodes], 300);
  const seen = { opened: 0, refused: 0, full: 0, killed: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30 }), async (steps) => {
      vi.clearAllTimers();
      const { plugin, circuit, calls, runs, call, pass } = guard();
      for (const { thenMs, ...asked } of steps) {
        call(asked);
        await pass(thenMs);
        if (circuit.includes('circuit-open'))
          expect(calls.filter(({ outcome }) => counts(outcome)).length).toBeGreaterThanOrEqual(leastFailures);
      }
      // The longest deadline for each of a full queue, and the grace of what is deaf.
      await pass(10 * 60_000);
      expect(calls.filter(({ settled }) => settled !== 1)).toEqual([]);
      expect(plugin).toMatchObject({ inFlight: 0, queued: 0 });
      expect(runs.running).toBe(0);
      expect(circuit).not.toContain('unproven');

      const last = call({
        behaviour: 'ok',
        takesMs: 1,
        timeoutMs: 1_000,
        abortAfterMs: undefined,
        caller: 'one',
      });
      await pass(10);
      expect(last.outcome).toBe('ok');
      expect(plugin.breakers).toEqual({ scripted: 'closed' });
      await plugin.close();
      expect(vi.getTimerCount()).toBe(0);
      seen.opened += Number(circuit.includes('circuit-open'));
      seen.refused += calls.filter(({ outcome }) => outcome === 'ERR_CIRCUIT_OPEN').length;
      seen.full += calls.filter(({ outcome }) => outcome === 'ERR_QUEUE_FULL').length;
      seen.killed += runs.killed;
    }),
    { numRuns: 500 },
  );
  // A property that never gets anywhere proves nothing.
  expect(Object.entries(seen).filter(([, times]) => times === 0)).toEqual([]);
});

it('faults of the caller, refusals and cancelled calls never open a circuit', async () => {
  const uncounted = errorCodes.filter((code) => !errorTable[code].countsForBreaker);
  const step = stepWith(['ok', 'hang', ...uncounted], 60_000).map((asked) =>
    asked.behaviour === 'hang' ? { ...asked, abortAfterMs: asked.abortAfterMs ?? 50 } : asked,
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 40 }), async (steps) => {
      vi.clearAllTimers();
      const { plugin, circuit, calls, call, pass } = guard();
      for (const { thenMs, ...asked } of steps) {
        call(asked);
        await pass(thenMs);
      }
      await pass(60_000);
      expect(calls.some(({ outcome }) => counts(outcome))).toBe(false);
      expect(circuit).toEqual([]);
      expect(plugin).toMatchObject({ inFlight: 0, queued: 0, breakers: { scripted: 'closed' } });
      await plugin.close();
    }),
    { numRuns: 500 },
  );
});
