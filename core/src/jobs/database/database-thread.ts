import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { EaselError } from '@easel/plugin-sdk';
import { StorageError, type StorageFault } from './fault.js';
import type { DatabaseAnswer, DatabaseCall, DatabaseNotice, Tables } from './worker.js';

type Methods<Table> = {
  readonly [Name in keyof Table as Table[Name] extends (...values: never[]) => unknown
    ? Name
    : never]: Table[Name] extends (...values: infer Values) => infer Value
    ? (...values: Values) => Promise<Value>
    : never;
};

/** Milliseconds that a call waits for another process to let go of the database. */
const patienceMs = 5_000;
/** Milliseconds between its tries, in which other calls have their turn. */
const pauseMs = 50;
/** Milliseconds after which a thread that does not answer, as its disk does not, is not waited for. */
const silenceMs = 12_000;
const closeMs = 5_000;

/**
 * The database of jobs, on a thread of its own. Every call rejects with ERR_STORAGE where the disk or another
 * process is in the way, after a few seconds at most, and the next one tries again.
 */
export class DatabaseThread {
  readonly jobTable: Methods<Tables['jobs']>;
  readonly imageTable: Methods<Tables['images']>;
  readonly serverTable: Methods<Tables['servers']>;
  readonly chargeTable: Methods<Tables['charges']>;
  /** Absolute. */
  readonly file: string;
  readonly #onNotice: (text: string) => void;
  #worker: Worker | undefined;
  #number = 0;
  /** Calls that have not been answered, also those that wait for a lock. */
  readonly #calls = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;
  /** Nothing is asked of a thread any more, so that none opens the file again. */
  #isClosed = false;
  /** Those who wait for the thread that runs, by the numbers of their calls. */
  #waiting = new Map<number, (answer: DatabaseAnswer) => void>();

  /** @param onNotice told what somebody should know of the file */
  constructor(file: string, onNotice: (text: string) => void) {
    this.file = file;
    this.#onNotice = onNotice;
    this.jobTable = this.#table('jobs');
    this.imageTable = this.#table('images');
    this.serverTable = this.#table('servers');
    this.chargeTable = this.#table('charges');
  }

  /**
   * Opens the database. Answers why that was not possible where it may pass by itself, as each call tries
   * again; rejects with ERR_STORAGE where somebody has to see to it.
   */
  async open(): Promise<EaselError | undefined> {
    try {
      await this.#call({});
      return undefined;
    } catch (error) {
      if (error instanceof StorageError && error.mayPass) return error;
      await this.close();
      throw error;
    }
  }

  /**
   * Waits for what has been asked, for some seconds at most, and closes the database for good: what is asked
   * from then on is refused with ERR_STORAGE.
   */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    const late = delay(closeMs, undefined, { ref: false });
    await Promise.race([Promise.allSettled(this.#calls), late]);
    this.#isClosed = true;
    const worker = this.#worker;
    if (!worker) return;
    const exited = once(worker, 'exit');
    worker.ref();
    worker.postMessage('close');
    await Promise.race([exited, late.then(() => worker.terminate())]);
  }

  #table<Name extends keyof Tables>(table: Name): Methods<Tables[Name]> {
    const call =
      (method: string) =>
      async (...values: unknown[]) =>
        await this.#call({ table, method, values });
    return new Proxy({} as Methods<Tables[Name]>, { get: (_, method) => call(String(method)) });
  }

  async #call(call: Omit<DatabaseCall, 'number'>): Promise<unknown> {
    if (this.#closing) throw new StorageError(this.file, closed);
    const answer = this.#ask(call).finally(() => this.#calls.delete(answer));
    this.#calls.add(answer);
    return await answer;
  }

  async #ask(call: Omit<DatabaseCall, 'number'>): Promise<unknown> {
    const startedAt = performance.now();
    for (;;) {
      if (this.#isClosed) throw new StorageError(this.file, closed);
      const answer = await this.#post(call);
      if ('value' in answer) return answer.value;
      if ('defect' in answer) throw new Error(`The database of jobs failed: ${answer.defect}`);
      const mayWait = answer.fault.kind === 'locked' && performance.now() - startedAt < patienceMs;
      if (!mayWait) throw new StorageError(this.file, answer.fault);
      await delay(pauseMs);
    }
  }

  async #post(call: Omit<DatabaseCall, 'number'>): Promise<DatabaseAnswer> {
    this.#worker ??= this.#start();
    const worker = this.#worker;
    const waiting = this.#waiting;
    const number = ++this.#number;
    return await new Promise((resolve) => {
      const timer = setTimeout(() => settle(failed(number, `no answer in ${silenceMs} ms`)), silenceMs);
      const settle = (answer: DatabaseAnswer) => {
        clearTimeout(timer);
        waiting.delete(number);
        // Nobody who only has the database open is kept from ending.
        if (waiting.size === 0) worker.unref();
        resolve(answer);
      };
      waiting.set(number, settle);
      worker.ref();
      worker.postMessage({ ...call, number } satisfies DatabaseCall);
    });
  }

  #start(): Worker {
    const worker = new Worker(new URL('./worker.js', import.meta.url), {
      workerData: { file: this.file },
      execArgv: [],
    });
    const waiting = new Map<number, (answer: DatabaseAnswer) => void>();
    this.#waiting = waiting;
    worker.on('message', (message: DatabaseAnswer | DatabaseNotice) => {
      if ('notice' in message) this.#onNotice(message.notice);
      else waiting.get(message.number)?.(message);
    });
    let why = 'its thread has ended';
    worker.on('error', ({ message }) => {
      why = `its thread failed: ${message}`;
    });
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
      for (const [number, settle] of waiting) settle(failed(number, why));
    });
    return worker;
  }
}

const closed: StorageFault = { kind: 'closed', detail: 'the server that had it open has ended' };

const failed = (number: number, detail: string): DatabaseAnswer => {
  const fault: StorageFault = { kind: 'silent', detail };
  return { number, fault };
};
