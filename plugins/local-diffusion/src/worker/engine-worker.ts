/**
 * The engine's worker: holds the networks and works on one call at a time. Its thread is blocked while a
 * network runs; between runs it reads its messages, so that a cancellation takes effect at the next step.
 *
 * @module
 */
import { parentPort, workerData } from 'node:worker_threads';
import { EaselError } from '@easel/plugin-sdk';
import { ModelCache } from '../models/model-cache.js';
import { memoryBudget } from '../session/memory-budget.js';
import { NetworkMemory } from '../session/network-memory.js';
import { type NetworkSettings, selfTestFolder, settleNetworkOptions } from '../session/network-options.js';
import { RunClock } from '../session/run-clock.js';
import { CallProgress } from './call-progress.js';
import type { EngineCall } from './engine-call.js';
import { makeImages, planCall } from './make-images.js';
import type { FromWorker, ToWorker } from './protocol.js';

export interface EngineWorkerData {
  readonly settings: NetworkSettings;
  /** Of a {@link RunClock}. */
  readonly runMemory: SharedArrayBuffer;
}

const port = parentPort;
if (!port) throw new Error('engine-worker.js is the main module of a worker');
const { settings, runMemory } = workerData as EngineWorkerData;
const { warnings, ...options } = await settleNetworkOptions(settings, process.env);
/** Of the call that is being worked on. */
let inProgress: CallProgress | undefined;
const gainsByInt8 = async () =>
  (await import('../session/int8-gain.js')).gainsByInt8({ folder: selfTestFolder(settings) });
const memory = new NetworkMemory(
  { ...options, gainsByInt8, onRepacked: (share) => inProgress?.repacking(share) },
  {
    ...memoryBudget(settings.memoryBytes),
    clock: new RunClock(runMemory),
    onOpening: () => inProgress?.loading(),
  },
);
const models = new ModelCache(memory);
const running = new Map<number, AbortController>();
let queue: Promise<void> = Promise.resolve();

const send = (message: FromWorker, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

async function plan(id: number, call: EngineCall, signal: AbortSignal): Promise<void> {
  const progress = new CallProgress(call, () => {});
  send({ type: 'planned', id, plan: await planCall({ models, memory }, call, { signal, progress }) });
}

async function serve(type: 'run' | 'plan', id: number, call: EngineCall, signal: AbortSignal): Promise<void> {
  try {
    if (type === 'plan') return await plan(id, call, signal);
    const progress = new CallProgress(call, (told) => send({ type: 'progress', id, progress: told }));
    inProgress = progress;
    const made = await makeImages({ models, memory }, call, { signal, progress });
    send(
      { type: 'made', id, made: { ...made, warnings: [...warnings, ...made.warnings] } },
      made.pictures.map(({ rgb }) => rgb.buffer as ArrayBuffer),
    );
  } catch (error) {
    send({ type: 'failed', id, error: describe(error) });
  } finally {
    running.delete(id);
  }
}

function describe(error: unknown): Extract<FromWorker, { type: 'failed' }>['error'] {
  if (EaselError.isInstance(error)) return { code: error.code, message: error.message, hint: error.hint };
  return { message: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
}

port.on('message', (message: ToWorker) => {
  if (message.type === 'cancel') {
    running.get(message.id)?.abort();
  } else if (message.type !== 'close') {
    const controller = new AbortController();
    running.set(message.id, controller);
    queue = queue.then(() => serve(message.type, message.id, message.call, controller.signal));
  } else {
    for (const controller of running.values()) controller.abort();
    queue = queue.then(() => models.clear()).finally(() => port.close());
  }
});
