import {
  EaselError,
  type ErrorCode,
  type GenerationRequest,
  type Manifest,
  type Progress,
  type ValidGenerationResult,
} from '@easel/plugin-sdk';
import type { PluginFolder } from '../manifest/read.js';
import type { Supervisor } from '../registry/supervisor.js';
import type { Runner } from '../runner/runner.js';
import { Breaker, type BreakerState } from './breaker.js';
import { Bulkhead } from './bulkhead.js';
import { envelop, graceMs } from './envelope.js';

export interface GuardedCall {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

/** Milliseconds for which a provider that asks for a pause without saying how long is left alone. */
const shortestPauseMs = 1_000;

/** A plugin as the router sees it. A call passes the bulkhead, then the breaker of its pipeline type, then the envelope. */
export class GuardedPlugin {
  readonly plugin: PluginFolder;
  readonly supervisor: Supervisor;
  readonly #bulkhead: Bulkhead;
  readonly #breakers: ReadonlyMap<string, Breaker>;
  /** Calls that somebody still waits for. */
  readonly #callers = new Set<Promise<unknown>>();
  #pausedUntil = 0;

  constructor(plugin: PluginFolder, supervisor: Supervisor) {
    const { id, runtime, handles, breaker } = plugin.manifest;
    this.plugin = plugin;
    this.supervisor = supervisor;
    this.#bulkhead = new Bulkhead({ plugin: id, concurrency: runtime.concurrency, queue: runtime.queue });
    this.#breakers = new Map(handles.map(({ type }) => [type, new Breaker(id, breaker)]));
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

  get breakers(): Record<string, BreakerState> {
    return Object.fromEntries([...this.#breakers].map(([type, breaker]) => [type, breaker.state]));
  }

  /** Why it would not be asked for pictures of a type now. Undefined: it would. */
  obstacle(pipelineType: string): string | undefined {
    const { state } = this.supervisor;
    if (state === 'quarantined') return 'quarantined after crashes';
    if (this.breakers[pipelineType] === 'open') return 'its circuit is open';
    const pauseMs = this.#pausedUntil - performance.now();
    if (pauseMs > 0) return `its provider asked for a pause of ${Math.ceil(pauseMs)} ms more`;
    return this.queued >= this.manifest.runtime.queue && this.queued > 0 ? 'its queue is full' : undefined;
  }

  /** Makes pictures; settles at the latest when the signal aborts. The place in the bulkhead is kept until the work has ended. */
  async generate(
    pipelineType: string,
    request: GenerationRequest,
    call: GuardedCall,
  ): Promise<ValidGenerationResult> {
    const answer = this.#guard(pipelineType, request, call);
    this.#callers.add(answer);
    try {
      return await answer;
    } finally {
      this.#callers.delete(answer);
    }
  }

  async #guard(
    pipelineType: string,
    request: GenerationRequest,
    call: GuardedCall,
  ): Promise<ValidGenerationResult> {
    const breaker = this.#breakers.get(pipelineType);
    if (!breaker) throw new Error(`${this.manifest.id} does not handle ${pipelineType}`);
    const leave = await this.#bulkhead.enter(call.signal);
    let ended: Promise<void> = Promise.resolve();
    try {
      return await breaker.run(() => {
        const work = this.#work(request, call);
        ended = work.ended;
        return work.answer;
      });
    } catch (error) {
      if (!EaselError.isInstance(error)) throw error;
      if (error.code === 'ERR_PROVIDER_RATE_LIMITED') {
        this.#pausedUntil = performance.now() + (error.retryAfterMs ?? shortestPauseMs);
      }
      throw this.supervisor.redacted(error);
    } finally {
      void ended.then(leave);
    }
  }

  #work(request: GenerationRequest, call: GuardedCall) {
    let runner: Runner | undefined;
    const work = async () => {
      runner = await this.supervisor.running();
      call.signal.throwIfAborted();
      return await runner.generate(request, call);
    };
    return envelop(work(), call.signal, (reason) => runner?.kill(reason));
  }

  /** Stops the plugin for good, after its calls have had the manifest's `drainMs` to finish. */
  async close(): Promise<void> {
    await this.#drain('ERR_KERNEL_CLOSED', 'being closed');
    await this.supervisor.stop(graceMs);
    for (const breaker of this.#breakers.values()) breaker.close();
  }

  /** Stops the plugin until it is enabled again, after its calls have had the manifest's `drainMs` to finish. */
  async disable(): Promise<void> {
    await this.#drain('ERR_PLUGIN_DISABLED', 'being disabled');
    await this.supervisor.disable(graceMs);
  }

  async #drain(code: ErrorCode, cause: string): Promise<void> {
    const { id, runtime } = this.manifest;
    const message = `The plugin "${id}" did not finish within ${runtime.drainMs} ms of ${cause}.`;
    const late = () => this.supervisor.kill(new EaselError({ code, plugin: id, message }));
    const timer = setTimeout(late, runtime.drainMs);
    await Promise.allSettled(this.#callers);
    clearTimeout(timer);
  }
}
