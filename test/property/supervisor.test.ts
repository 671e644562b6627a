import { fileURLToPath } from 'node:url';
import { EaselError, manifestSchema } from '@easel/plugin-sdk';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Runner } from '../../core/src/kernel/runner/runner.js';
import { Supervisor } from '../../core/src/kernel/supervisor/supervisor.js';
import { silentLogger } from '../../core/src/observe/plugin-logger.js';

// Its backoff waits on Node's own promises of timers, which vitest's clock does not move.
vi.mock('node:timers/promises', async (importOriginal) => ({
  ...(await importOriginal<typeof import('node:timers/promises')>()),
  setTimeout: (ms: number, value: unknown, { signal }: { signal: AbortSignal }) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, ms, value);
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
    }),
}));

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

const folder = fileURLToPath(new URL('../chaos/fixtures', import.meta.url));
const manifest = manifestSchema.parse({
  id: 'wayward',
  version: '1.0.0',
  sdk: '^0.1.0',
  entry: 'wayward.js',
  handles: [{ type: 'wayward' }],
  runtime: { isolation: 'inline', startMs: 1_000 },
});
const graceMs = 500;

type Start = 'well' | 'throws' | 'hangs' | 'late';
type Deed = 'run' | 'crash' | 'kill' | 'stop' | 'disable' | 'enable' | 'rest' | 'probe';
interface Step {
  readonly deed: Deed;
  /** What passes before the next one: nothing, some turns of the event loop, or milliseconds. */
  readonly wait: 'nothing' | 'turn' | number;
}
interface Script {
  readonly starts: Start[];
  readonly closesWell: boolean;
}

const start = fc.constantFrom<Start[]>('well', 'well', 'throws', 'hangs', 'late');
const script: fc.Arbitrary<Script> = fc.record({
  starts: fc.array(start, { minLength: 1, maxLength: 4 }),
  closesWell: fc.boolean(),
});
const step: fc.Arbitrary<Step> = fc.record({
  deed: fc.constantFrom<Deed[]>('run', 'run', 'crash', 'kill', 'stop', 'disable', 'enable', 'rest', 'probe'),
  wait: fc.constantFrom<Step['wait'][]>('nothing', 'nothing', 'turn', 1, 400, 1_100, 400_000),
});
const steps = fc.array(step, { minLength: 1, maxLength: 14 });

/** One that was found: switches that are thrown before the first of them has come to an end. */
const switchedAllAtOnce: [Script, Step[]] = [
  { starts: ['well'], closesWell: true },
  [
    { deed: 'disable', wait: 'nothing' },
    { deed: 'disable', wait: 'nothing' },
    { deed: 'enable', wait: 'turn' },
    { deed: 'run', wait: 'nothing' },
  ],
];

/** So often in a row that it is given up, which scripts drawn at random may not come to. */
const crashesAgain: readonly Step[] = [
  { deed: 'run', wait: 1_100 },
  { deed: 'crash', wait: 1_100 },
];
const crashesOften: [Script, Step[]] = [
  { starts: ['well'], closesWell: true },
  Array.from({ length: 10 }, () => crashesAgain).flat(),
];

let runs = 0;

/** A supervisor, what has come of each thing that was asked of it, and the states that it went through. */
function supervise(config: Script) {
  const states: { readonly from: string; readonly to: string }[] = [];
  const asked: { readonly deed: Deed; outcome: string }[] = [];
  let runner: Runner | undefined;
  const supervisor = new Supervisor({
    plugin: { manifest, path: folder, folder, entry: `${folder}/wayward.js` },
    config: { ...config, run: `run ${runs++}` },
    environment: {},
    storageFolder: folder,
    logger: silentLogger,
    now: () => performance.now(),
    events: {
      emit(name, event) {
        if ('from' in event) states.push({ from: event.from, to: name.replace('plugin-', '') });
      },
    },
  });
  const reason = (code: 'ERR_PLUGIN_CRASHED' | 'ERR_KERNEL_CLOSED') =>
    new EaselError({ code, message: 'as told' });
  const deeds: Record<Deed, () => unknown> = {
    run: async () => {
      runner = await supervisor.running();
    },
    // What a crash looks like from here: the runner ends by itself.
    crash: () => runner?.kill(reason('ERR_PLUGIN_CRASHED')),
    kill: () => supervisor.kill(reason('ERR_KERNEL_CLOSED')),
    stop: () => supervisor.stop(graceMs),
    disable: () => supervisor.disable(graceMs),
    enable: () => supervisor.enable(),
    rest: () => supervisor.stopUntilNextCall(graceMs),
    probe: () => supervisor.probe(),
  };
  return {
    supervisor,
    states,
    asked,
    ask(deed: Deed): void {
      const question = { deed, outcome: 'pending' };
      asked.push(question);
      const settle = (outcome: string) => {
        question.outcome = question.outcome === 'pending' ? outcome : 'settled twice';
      };
      Promise.resolve(deeds[deed]()).then(
        () => settle('done'),
        (error: unknown) => settle(EaselError.isInstance(error) ? error.code : String(error)),
      );
    },
  };
}

/** Turns of the real event loop: an import takes a few. */
async function turn(): Promise<void> {
  for (let turns = 0; turns < 3; turns++) await new Promise((resolve) => setImmediate(resolve));
}

async function pass(wait: Step['wait']): Promise<void> {
  if (wait === 'nothing') return;
  await turn();
  if (wait === 'turn') return;
  await vi.advanceTimersByTimeAsync(wait);
  await turn();
}

it('whatever is asked of a supervisor, in whatever order, is answered once, and no state is skipped', async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(script, steps, async (config, steps) => {
      vi.clearAllTimers();
      const { supervisor, states, asked, ask } = supervise(config);
      for (const { deed, wait } of steps) {
        ask(deed);
        await pass(wait);
      }
      // Every wait that there is has a limit: a start, a backoff, the grace of an end.
      const isPending = () => asked.some(({ outcome }) => outcome === 'pending');
      for (let round = 0; isPending() && round < 20; round++) await pass(31_000);
      ask('stop');
      for (let round = 0; isPending() && round < 5; round++) await pass(1_000);
      ask('run');
      await pass('turn');

      expect(asked.filter(({ outcome }) => !['done', ...expected].includes(outcome))).toEqual([]);
      expect(supervisor.state).toBe('stopped');
      expect(asked.at(-1)?.outcome).toBe('ERR_KERNEL_CLOSED');
      expect(states.map(({ from }) => from)).toEqual(['idle', ...states.map(({ to }) => to)].slice(0, -1));
      for (const { from, to } of states) seen.add(`${from} ${to}`);
    }),
    { numRuns: 2_000, examples: [switchedAllAtOnce, crashesOften] },
  );
  // A property that never gets anywhere proves nothing.
  expect([...seen]).toEqual(
    expect.arrayContaining(['failed backoff', 'failed quarantined', 'draining idle', 'disabled idle']),
  );
});

/** Why it may be refused; never a defect of the kernel's own. */
const expected = [
  'ERR_PLUGIN_START_FAILED',
  'ERR_PLUGIN_CRASHED',
  'ERR_PLUGIN_QUARANTINED',
  'ERR_PLUGIN_DISABLED',
  'ERR_KERNEL_CLOSED',
];
