import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { EaselError } from '../errors.js';
import { linkSignals } from '../link-signals.js';
import type { CallContext, Logger } from '../plugin.js';
import { ownMark } from '../running-process.js';
import { isOwnerAlive, SignOfLife } from '../sign-of-life.js';
import { untilAborted } from '../until-aborted.js';
import { aborted, closed, lost, unclassified, unwritable } from './failures.js';
import { nameOf, RequestFiles, type RequestRecord } from './request-files.js';

/** Milliseconds between two looks at a request that another process has sent. */
const lookMs = 100;
/** Looks at a record that cannot be read, until it is taken for one that was cut off. */
const mostLooks = 50;
const sweepMs = 3_600_000;

export interface PaidRequestsOptions {
  /** Absolute path of a folder of the plugin's own. */
  readonly storageFolder: string;
  /** Milliseconds that what nobody has received is kept. */
  readonly keepMs: number;
  readonly logger: Logger;
}

/** The call that a request is of. */
export type PaidCall = Pick<CallContext<unknown>, 'signal' | 'received'> & {
  /** `requestId` of the request to the plugin. Undefined: nobody comes again for it, and nothing is kept. */
  readonly requestId: string | undefined;
  /**
   * `isResumable` of the request to the plugin. Not true: a request on its way is aborted when the call is
   * cancelled.
   */
  readonly isResumable: boolean | undefined;
};

/**
 * Sends the request and reads the answer, within a time limit of its own. Rejects with an `EaselError` that
 * says by `mayBePaid` whether it must not be sent again. The signal is aborted where nobody could come again
 * for the answer.
 */
export type Send = (signal: AbortSignal) => Promise<string>;

export interface PaidAnswer {
  readonly text: string;
  /** Whether it was sent, or answered, before it was asked for. */
  readonly isResumed: boolean;
  /** Keeps another text in place of this one, such as one with an image in place of its address. */
  replace(text: string): Promise<void>;
}

interface Sent {
  readonly answer: Promise<string>;
}

/**
 * Requests that are answered at once, paid, and that a provider cannot be asked about afterwards. Each is
 * written to disk before it is sent, and its answer as soon as it has been read: a call that is carried out
 * again under the same `requestId` gets the answer and pays nothing. One that was sent for a call that may be
 * resumed goes on when the call is cancelled, and when the kernel has ended (`runtime.finishMs`), since it is
 * paid all the same.
 *
 * @example
 * const answer = await requests.ask({ requestId, isResumable, signal, received }, ['image', index, body], (signal) => post(body, signal));
 */
export class PaidRequests {
  readonly #files: RequestFiles;
  readonly #options: PaidRequestsOptions;
  readonly #owner = { id: randomUUID(), ...ownMark() };
  readonly #signOfLife = new SignOfLife();
  /** On their way, or answered where the answer could not be written. */
  readonly #running = new Map<string, Promise<string>>();
  /** Being written down, and not sent yet. */
  readonly #beginning = new Map<string, Promise<unknown>>();
  readonly #closing = new AbortController();
  #sweptAt = 0;

  constructor(options: PaidRequestsOptions) {
    this.#options = options;
    this.#files = new RequestFiles(join(options.storageFolder, 'requests'));
  }

  /**
   * Sends a request, or answers what it was answered before.
   *
   * @param identity tells it from other requests of its call; JSON
   * @throws ERR_ABORTED, ERR_STORAGE where it cannot be written down, and what `send` throws;
   * ERR_PROVIDER_BAD_RESPONSE with `mayBePaid` where it was sent by a process that has ended before the
   * answer came
   */
  async ask(
    { requestId, isResumable, signal, received }: PaidCall,
    identity: readonly unknown[],
    send: Send,
  ): Promise<PaidAnswer> {
    if (signal.aborted) throw aborted();
    if (this.#closing.signal.aborted) throw closed();
    if (requestId === undefined) return await this.#sendUnkept(send, signal);
    void this.#sweep();
    const name = nameOf(requestId, identity);
    void received.then((isReceived) => (isReceived ? this.#forget(name) : undefined));
    const stop = isResumable ? new AbortController().signal : signal;
    const answer = this.#obtain(name, requestId, () => send(stop), signal);
    // What comes of it when nobody waits any more is on disk.
    answer.catch(() => {});
    const { text, isResumed } = await untilAborted(answer, signal).catch((error: unknown) => {
      throw signal.aborted ? aborted() : error;
    });
    return { text, isResumed, replace: (other) => this.#files.keep(name, other) };
  }

  /** Takes no more requests, and waits for those that are on their way and kept. */
  async close(): Promise<void> {
    this.#closing.abort(closed());
    await Promise.allSettled(this.#beginning.values());
    await Promise.allSettled(this.#running.values());
  }

  async #sendUnkept(send: Send, signal: AbortSignal): Promise<PaidAnswer> {
    const either = linkSignals([signal, this.#closing.signal]);
    try {
      return { text: await send(either.signal), isResumed: false, replace: async () => {} };
    } finally {
      either.unlink();
    }
  }

  async #obtain(
    name: string,
    requestId: string,
    send: () => Promise<string>,
    signal: AbortSignal,
  ): Promise<Pick<PaidAnswer, 'text' | 'isResumed'>> {
    const own: RequestRecord = { version: 1, requestId, owner: this.#owner };
    for (let unreadable = 0; ; ) {
      const running = this.#running.get(name);
      if (running) return { text: await running, isResumed: true };
      const sent = await this.#begin(name, own, send);
      if (sent) return { text: await sent.answer, isResumed: false };
      const record = await this.#files.read(name);
      const text = await this.#files.readAnswer(name);
      if (text !== undefined) return { text, isResumed: true };
      if (record?.failure) throw new EaselError({ ...record.failure, mayBePaid: true });
      unreadable = record ? 0 : unreadable + 1;
      if (record ? !(await this.#isOnItsWay(name, record)) : unreadable > mostLooks) {
        // Between the two looks it may have been answered, or turned away, and its process have ended.
        const late = await this.#files.readAnswer(name);
        if (late !== undefined) return { text: late, isResumed: true };
        const still = await this.#files.read(name);
        if (record && (!still || still.failure)) continue;
        await this.#fail(name, { ...own, failure: lost() });
        throw new EaselError({ ...lost(), mayBePaid: true });
      }
      if (signal.aborted) throw aborted();
      await pause(lookMs, undefined, { signal: this.#closing.signal }).catch(() => {
        throw closed({ mayBePaid: true });
      });
    }
  }

  /** Writes it down and sends it. Undefined: it was written down before. */
  async #begin(name: string, record: RequestRecord, send: () => Promise<string>): Promise<Sent | undefined> {
    if (this.#beginning.has(name)) return undefined;
    const work = this.#beginOnce(name, record, send);
    this.#beginning.set(name, work);
    return await work.finally(() => this.#beginning.delete(name));
  }

  async #beginOnce(
    name: string,
    record: RequestRecord,
    send: () => Promise<string>,
  ): Promise<Sent | undefined> {
    const isNew = await this.#files.begin(name, record).catch((error: unknown) => {
      throw unwritable('A request', error);
    });
    if (!isNew) return undefined;
    if (!this.#closing.signal.aborted) return { answer: this.#send(name, record, send) };
    // Its process ends soon, and would leave it as one that may have been paid.
    await this.#write(() => this.#files.remove(name));
    throw closed();
  }

  async #isOnItsWay(name: string, { owner }: RequestRecord): Promise<boolean> {
    if (owner.id === this.#owner.id) return this.#running.has(name) || this.#beginning.has(name);
    return await isOwnerAlive(this.#files.pathOf(name), owner);
  }

  #send(name: string, record: RequestRecord, send: () => Promise<string>): Promise<string> {
    const work = async () => {
      const text = await send().catch((error: unknown) => this.#refuse(name, record, error));
      if (await this.#write(() => this.#files.keep(name, text))) this.#stopped(name);
      return text;
    };
    const running = work();
    this.#running.set(name, running);
    this.#signOfLife.keep(this.#files.pathOf(name));
    return running;
  }

  /** A request that was not paid is as if it had never been; another one stays, and is never sent again. */
  async #refuse(name: string, record: RequestRecord, error: unknown): Promise<never> {
    const known = EaselError.isInstance(error) ? error : unclassified(error);
    const { code, message, hint } = known;
    if (known.mayBePaid) await this.#fail(name, { ...record, failure: { code, message, hint } });
    else await this.#write(() => this.#files.remove(name));
    this.#stopped(name);
    throw known;
  }

  async #fail(name: string, record: RequestRecord): Promise<void> {
    await this.#write(() => this.#files.update(name, record));
  }

  async #forget(name: string): Promise<void> {
    this.#stopped(name);
    await this.#write(() => this.#files.remove(name));
  }

  #stopped(name: string): void {
    this.#running.delete(name);
    this.#signOfLife.drop(this.#files.pathOf(name));
  }

  /** Answers whether it was written; what follows from it if not is said in the log. */
  async #write(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      this.#options.logger.error(`A paid request cannot be written down: ${(error as Error).message}`);
      return false;
    }
  }

  /** Removes what nobody came for. */
  async #sweep(): Promise<void> {
    const now = Date.now();
    if (now - this.#sweptAt < sweepMs) return;
    this.#sweptAt = now;
    for (const name of await this.#files.olderThan(now - this.#options.keepMs)) {
      const record = await this.#files.read(name);
      const isOnItsWay = record && !record.failure && (await this.#isOnItsWay(name, record));
      if (!isOnItsWay || (await this.#files.readAnswer(name)) !== undefined) await this.#forget(name);
    }
  }
}
