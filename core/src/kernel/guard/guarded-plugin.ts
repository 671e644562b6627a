import {
  EaselError,
  type ErrorCode,
  type GenerationRequest,
  type Manifest,
  type ValidGenerationResult,
} from '@easel/plugin-sdk';
import type { Events } from '../events.js';
import type { PluginFolder } from '../manifest/read.js';
import type { Runner } from '../runner/runner.js';
import type { Supervisor } from '../supervisor/supervisor.js';
import { Blame } from './blame.js';
import { Breaker, type BreakerState } from './breaker.js';
import { Bulkhead } from './bulkhead.js';
import type { GuardedCall } from './guarded-call.js';
import { type Latency, LatencyRecord } from './latency.js';
import { Outstanding } from './outstanding.js';
import { tellPaidRisk, type Watch } from './paid-risk.js';
import { graceMs, withCancellation } from './with-cancellation.js';

export interface GuardedPluginOptions {
  readonly plugin: PluginFolder;
  readonly supervisor: Supervisor;
  readonly events: Pick<Events, 'emit'>;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
  /** Told when a circuit has opened, with the failure that was too much. Absent: nobody is told. */
  readonly onCircuitOpen?: ((error: EaselError) => void) | undefined;
}

/** Milliseconds for which a provider that asks for a pause without saying how long is left alone. */
const shortestPauseMs = 1_000;

/**
 * A plugin as the router sees it. A call passes the bulkhead, then the breaker of its pipeline type; then it
 * can be cancelled.
 */
export class GuardedPlugin {
  readonly plugin: PluginFolder;
  readonly supervisor: Supervisor;
  readonly #bulkhead: Bulkhead;
  readonly #routes: ReadonlyMap<string, { readonly breaker: Breaker; readonly latency: LatencyRecord }>;
  readonly #outstanding = new Outstanding();
  readonly #blame: Blame;
  readonly #now: () => number;
  #pausedUntil = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor({ plugin, supervisor, events, now, onCircuitOpen }: GuardedPluginOptions) {
    const { id, version, runtime, handles, breaker: settings } = plugin.manifest;
    this.plugin = plugin;
    this.supervisor = supervisor;
    this.#now = now;
    this.#blame = new Blame(id, now);
    this.#bulkhead = new Bulkhead({ plugin: id, concurrency: runtime.concurrency, queue: runtime.queue });
    const createRoute = (pipelineType: string) => ({
      latency: new LatencyRecord(),
      breaker: new Breaker({
        plugin: id,
        settings,
        onChange: (state, error) => {
          const told = { plugin: id, version, pipelineType, error: error && supervisor.redacted(error) };
          events.emit(`circuit-${state}`, told);
          if (error) onCircuitOpen?.(error);
        },
      }),
    });
    this.#routes = new Map(handles.map(({ type }) => [type, createRoute(type)]));
  }

  get manifest(): Manifest {
    return this.plugin.manifest;
  }

  get inFlight(): number {
    return this.#bulkhead.inFlight;
  }

  get queued(): number {
    return this.#bulkhead.queued;
  }

  /** By pipeline type. */
  get breakers(): Record<string, BreakerState> {
    return Object.fromEntries([...this.#routes].map(([type, { breaker }]) => [type, breaker.state]));
  }

  /** By pipeline type; those without a call are missing. */
  get latencies(): Record<string, Latency> {
    const measured = [...this.#routes].map(([type, { latency }]) => [type, latency.latency] as const);
    return Object.fromEntries(measured.filter(([, latency]) => latency !== undefined)) as Record<
      string,
      Latency
    >;
  }

  /** Milliseconds that a call of a type takes lately, without its waiting. Undefined: there was none. */
  averageMs(pipelineType: string): number | undefined {
    return this.#routes.get(pipelineType)?.latency.averageMs;
  }

  /**
   * Why it would not be asked now for images of a type, by a model that needs some of its optional secrets.
   * Undefined: it would.
   */
  obstacle(pipelineType: string, secrets: readonly string[] = []): string | undefined {
    const { state } = this.supervisor;
    const missing = this.supervisor.missingSecretsWith(secrets);
    if (state === 'quarantined') return 'quarantined after crashes';
    if (missing.length > 0) return `not configured: ${missing.join(', ')} not set`;
    if (this.breakers[pipelineType] === 'open') return 'its circuit is open';
    const pauseMs = this.#pausedUntil - this.#now();
    if (pauseMs > 0) return `its provider asked for a pause of ${Math.ceil(pauseMs)} ms more`;
    return this.queued >= this.manifest.runtime.queue && this.queued > 0 ? 'its queue is full' : undefined;
  }

  /** Lets calls through its circuits again; of one pipeline type, or of all. */
  resetBreakers(pipelineType?: string): void {
    for (const [type, { breaker }] of this.#routes)
      if (pipelineType === undefined || pipelineType === type) breaker.reset();
  }

  /**
   * Makes pictures; settles at the latest when the signal aborts. The place in the bulkhead is kept until the
   * work has ended.
   */
  async generate(
    pipelineType: string,
    request: GenerationRequest,
    call: GuardedCall,
  ): Promise<ValidGenerationResult> {
    clearTimeout(this.#idle);
    const answer = tellPaidRisk(this.manifest, call.wasHandedOver, (watch) =>
      this.#guard(pipelineType, request, { ...call, ...watch }),
    );
    return await this.#outstanding.call(answer, call.received, () => this.#restWhenIdle());
  }

  async #guard(
    pipelineType: string,
    request: GenerationRequest,
    call: GuardedCall & Watch,
  ): Promise<ValidGenerationResult> {
    const route = this.#routes.get(pipelineType);
    if (!route) throw new Error(`${this.manifest.id} does not handle ${pipelineType}`);
    this.#blame.assertBlameless({ request, caller: call.caller });
    const leave = await this.#bulkhead.enter(call.signal, call);
    let ended: Promise<void> = Promise.resolve();
    try {
      return await route.breaker.run(async () => {
        const startedAt = this.#now();
        const work = this.#work(request, call);
        ended = work.ended;
        const made = await work.answer;
        route.latency.record(this.#now() - startedAt);
        return made;
      });
    } catch (error) {
      if (!EaselError.isInstance(error)) throw error;
      if (error.code === 'ERR_PROVIDER_RATE_LIMITED')
        this.#pausedUntil = this.#now() + (error.retryAfterMs ?? shortestPauseMs);
      throw this.supervisor.redacted(error);
    } finally {
      void ended.then(() => {
        leave();
        this.#restWhenIdle();
      });
    }
  }

  get #isNeeded(): boolean {
    return this.inFlight > 0 || this.#outstanding.hasReceipts;
  }

  /** Stops what has had no call for the manifest's `idleMs`, until the next one. */
  #restWhenIdle(): void {
    const { idleMs } = this.manifest.runtime;
    clearTimeout(this.#idle);
    if (idleMs === undefined || this.#isNeeded) return;
    const rest = () => {
      if (!this.#isNeeded) void this.supervisor.stopUntilNextCall(graceMs);
    };
    this.#idle = setTimeout(rest, idleMs).unref();
  }

  #work(request: GenerationRequest, call: GuardedCall & Watch) {
    let runner: Runner | undefined;
    const work = async () => {
      runner = await this.supervisor.running();
      call.signal.throwIfAborted();
      const runnerCall = { ...call, onStopping: (ms: number) => cancellable.grant(ms) };
      const suspect = { request, caller: call.caller };
      return await this.#blame.noting(runner, suspect, runner.generate(request, runnerCall));
    };
    // Calls beside it lose their plugin through no doing of theirs, and are told so.
    const end = () => {
      const { id: plugin } = this.manifest;
      const message = `The plugin "${plugin}" was ended: a call had not stopped in time after it was cancelled.`;
      if (runner)
        this.supervisor.interrupt(runner, new EaselError({ code: 'ERR_PLUGIN_CRASHED', plugin, message }));
    };
    const cancellable = withCancellation(work(), call.signal, end);
    return cancellable;
  }

  /** Holds the crash of a run against the calls that were under way, and answers whose they were. */
  blame(runner: Runner): string[] {
    return this.#blame.record(runner);
  }

  /**
   * Stops the plugin for good, after its calls have had the manifest's `drainMs` to finish. Resolves with
   * whether force was needed.
   */
  async close(): Promise<boolean> {
    const isLate = await this.#drain('ERR_KERNEL_CLOSED', 'being closed');
    const isForced = await this.supervisor.stop(graceMs);
    for (const { breaker } of this.#routes.values()) breaker.close();
    return isLate || isForced;
  }

  /** Lets it be started again, for whatever and whomever it has crashed before. */
  async enable(): Promise<void> {
    this.#blame.forget();
    await this.supervisor.enable();
  }

  /** Stops the plugin until it is enabled again, after its calls have had `drainMs` to finish. */
  async disable(): Promise<void> {
    await this.#drain('ERR_PLUGIN_DISABLED', 'being disabled');
    await this.supervisor.disable(graceMs);
  }

  /** Ends what runs, after its calls have had `drainMs` to finish; the next call starts it again. */
  async stopUntilNextCall(): Promise<void> {
    await this.#drain('ERR_PLUGIN_DISABLED', 'having to make room');
    await this.supervisor.stopUntilNextCall(graceMs);
  }

  /** Resolves with whether calls were left that had to be ended. */
  async #drain(code: ErrorCode, cause: string): Promise<boolean> {
    const { id, runtime } = this.manifest;
    clearTimeout(this.#idle);
    const message = `The plugin "${id}" did not finish within ${runtime.drainMs} ms of ${cause}.`;
    const kill = () => this.supervisor.kill(new EaselError({ code, plugin: id, message }));
    return await this.#outstanding.drain(runtime.drainMs, kill);
  }
}
