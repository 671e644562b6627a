// The worker loads ONNX Runtime, and only this thread can switch off its telemetry.
import '../session/without-telemetry.js';
import { Worker } from 'node:worker_threads';
import { type CallContext, EaselError, type MemoryPlan, type Progress } from '@easel/plugin-sdk';
import type { NetworkSettings } from '../session/network-options.js';
import { createRunMemory, RunClock } from '../session/run-clock.js';
import type { EngineCall } from './engine-call.js';
import type { EngineWorkerData } from './engine-worker.js';
import type { FromWorker, Made, ToWorker } from './protocol.js';
import { millisecondsToStop } from './stopping.js';

interface Pending {
  readonly resolve: (made: Made) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: (progress: Progress) => void;
}

interface PendingPlan {
  readonly resolve: (plan: MemoryPlan | undefined) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The main thread's side of the engine's worker. A worker that dies takes the process with it: the kernel
 * starts another.
 */
export class Engine {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  readonly #plans = new Map<number, PendingPlan>();
  readonly #clock: RunClock;
  /** What it took to come here. */
  readonly #startMs = performance.now();
  #nextId = 0;

  constructor(settings: NetworkSettings) {
    const runMemory = createRunMemory();
    this.#clock = new RunClock(runMemory);
    const workerData: EngineWorkerData = { settings, runMemory };
    this.#worker = new Worker(new URL('./engine-worker.js', import.meta.url), { workerData });
    this.#worker.on('message', (message: FromWorker) => this.#receive(message));
    this.#worker.on('error', (error) => {
      throw error;
    });
  }

  /**
   * Makes the images of one call, one after the other. An aborted signal ends it at the next step, and it is
   * told when that is.
   */
  run(
    call: EngineCall,
    { signal, onProgress, stopsWithin }: Pick<CallContext<unknown>, 'signal' | 'onProgress' | 'stopsWithin'>,
  ): Promise<Made> {
    const id = this.#nextId++;
    const cancel = () => {
      this.#send({ type: 'cancel', id });
      const milliseconds = millisecondsToStop(this.#clock, this.#startMs);
      if (milliseconds !== undefined) stopsWithin(milliseconds);
    };
    return new Promise<Made>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, onProgress });
      this.#send({ type: 'run', id, call });
      signal.addEventListener('abort', cancel, { once: true });
      if (signal.aborted) cancel();
    }).finally(() => {
      this.#pending.delete(id);
      signal.removeEventListener('abort', cancel);
    });
  }

  /**
   * What a call would hold in memory, after the calls before it. Undefined where nobody knows before it runs.
   */
  plan(call: EngineCall): Promise<MemoryPlan | undefined> {
    const id = this.#nextId++;
    return new Promise<MemoryPlan | undefined>((resolve, reject) => {
      this.#plans.set(id, { resolve, reject });
      this.#send({ type: 'plan', id, call });
    }).finally(() => this.#plans.delete(id));
  }

  /**
   * Lets the worker release its sessions and end by itself: ending it from outside in mid-run would abort the
   * process.
   */
  async close(): Promise<void> {
    const ended = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()));
    this.#send({ type: 'close' });
    await ended;
  }

  #send(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #receive(message: FromWorker): void {
    const pending = this.#pending.get(message.id);
    if (message.type === 'progress') pending?.onProgress(message.progress);
    else if (message.type === 'made') pending?.resolve(message.made);
    else if (message.type === 'planned') this.#plans.get(message.id)?.resolve(message.plan);
    else (pending ?? this.#plans.get(message.id))?.reject(asError(message.error));
  }
}

const asError = ({ code, message, hint }: Extract<FromWorker, { type: 'failed' }>['error']) =>
  code === undefined ? new Error(message) : new EaselError({ code, message, hint });
