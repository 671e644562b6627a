import { randomUUID } from 'node:crypto';
import { EaselError } from '../errors.js';
import type { TaskRecord } from '../journal/task-record.js';
import { jsonSchema } from '../json.js';
import { linkSignals } from '../link-signals.js';
import { aborted, closed, lost, unclassified, unread } from '../paid/failures.js';
import { untilAborted } from '../until-aborted.js';
import type { Webhook } from '../webhook.js';
import { followTask } from './follow-task.js';
import { keepMade, type MadeImages, readMade } from './made-images.js';
import type { TaskDetails } from './task-driver.js';
import { TaskNews } from './task-news.js';
import type { AsyncTasksOptions, TaskOrder, TaskResult } from './task-order.js';

/**
 * Tasks of a provider that answers a request with an id, and makes the images later. Each is on disk before
 * it is sent, its id as soon as it has come, and its images before the call is answered: a call that is
 * carried out again under the same `requestId` takes up what it has begun. A request whose answer got lost is
 * told as one that may have been paid, and never repeated.
 */
export class AsyncTasks<Ticket> {
  readonly #options: AsyncTasksOptions<Ticket>;
  readonly #closing = new AbortController();
  /** Requests on their way, and cancellations. */
  readonly #working = new Set<Promise<unknown>>();
  readonly #news = new TaskNews();

  constructor(options: AsyncTasksOptions<Ticket>) {
    this.#options = options;
  }

  /**
   * Finds what the call has begun in processes that have ended, and waits for those that are about to end; to
   * be called before {@link run}.
   */
  async refresh(requestId: string | undefined, signal: AbortSignal): Promise<void> {
    if (requestId !== undefined) await this.#options.journal.waitForOthers(requestId, signal);
  }

  /**
   * Has a task made, or takes it up.
   *
   * @throws EaselError what it has failed with; ERR_ABORTED; with `mayBePaid` where it may be paid all the
   * same
   */
  async run(order: TaskOrder<Ticket>): Promise<TaskResult> {
    const { journal } = this.#options;
    if (order.signal.aborted) throw aborted();
    // One whose id never came is told to its own call, and is none of others.
    const adopted = await journal.adopt(order.identity, ({ ticket }) => ticket !== undefined);
    const id = adopted?.id ?? randomUUID();
    // It may be told of before the answer to the request has come.
    this.#news.expect(id);
    try {
      const ticket = adopted ? this.#ticketOf(adopted) : await this.#begin(id, order);
      return await this.#finish(id, ticket, order, adopted !== undefined);
    } finally {
      this.#news.forget(id);
    }
  }

  /** Takes a webhook: what is signed has its task asked about at once, and all else is dropped. */
  async receive(webhook: Webhook): Promise<void> {
    const { driver, logger } = this.#options;
    const { task } = webhook;
    if (!this.#news.isExpected(task)) return;
    try {
      if (await driver.isGenuine?.(webhook)) this.#news.tell(task);
      else logger.warn('a webhook was dropped whose signature is not right', { task });
    } catch (error) {
      logger.warn(`a webhook was dropped: its signature cannot be checked: ${String(error)}`, { task });
    }
  }

  async #finish(
    id: string,
    ticket: Ticket,
    order: TaskOrder<Ticket>,
    isResumed: boolean,
  ): Promise<TaskResult> {
    const { journal, logger } = this.#options;
    let isOver = false;
    try {
      const result = (await readMade(this.#options.journal, id)) ?? (await this.#make(id, ticket, order));
      isOver = true;
      void order.received.then((isReceived) => (isReceived ? this.#forget(id, ticket) : journal.abandon(id)));
      return { ...result, isResumed };
    } catch (error) {
      if (error instanceof TaskFailed) {
        isOver = true;
        journal.end(id);
        throw error.failure;
      }
      if (order.signal.aborted && !order.isResumable) {
        isOver = true;
        this.#cancel(id, ticket);
      }
      if (order.signal.aborted) throw aborted();
      if (!isOver) logger.warn('a task is left that may have been paid', { task: id, ticket });
      throw error;
    } finally {
      if (!isOver) journal.abandon(id);
    }
  }

  /** Stops following, and waits for requests on their way. What has begun stays in the journal. */
  async close(): Promise<void> {
    this.#closing.abort();
    while (this.#working.size > 0) await Promise.allSettled(this.#working);
    await this.#options.journal.close();
  }

  #ticketOf({ id, ticket }: TaskRecord): Ticket {
    const { journal, driver } = this.#options;
    const parsed = ticket === undefined ? undefined : driver.ticketSchema.safeParse(ticket);
    if (parsed?.success) return parsed.data;
    // Its answer got lost, or the process ended before it came.
    journal.abandon(id);
    throw new EaselError({ ...lost(), mayBePaid: true });
  }

  async #begin(id: string, order: TaskOrder<Ticket>): Promise<Ticket> {
    const { journal } = this.#options;
    const { identity, model, count, signal, isResumable } = order;
    if (this.#closing.signal.aborted) throw closed();
    const { fingerprint, requestId } = identity;
    await journal.begin({ id, writtenAt: Date.now(), fingerprint, requestId, model, count });
    const sending = this.#track(this.#send(id, order));
    try {
      return await untilAborted(sending, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      // Nobody waits, and it may be taken all the same.
      void sending.then(
        (ticket) => (isResumable ? journal.abandon(id) : this.#cancel(id, ticket)),
        () => {},
      );
      throw aborted();
    }
  }

  async #send(id: string, { submit }: TaskOrder<Ticket>): Promise<Ticket> {
    const { journal, logger, webhookUrl } = this.#options;
    const ownUrl = webhookUrl === undefined ? undefined : `${webhookUrl}/${id}`;
    let ticket: Ticket;
    try {
      ticket = await submit(new AbortController().signal, ownUrl);
    } catch (error) {
      const failure = EaselError.isInstance(error) ? error : unclassified(error);
      if (failure.mayBePaid) journal.abandon(id);
      else journal.end(id);
      throw failure;
    }
    await journal
      .keepTicket(id, jsonSchema.parse(ticket))
      .catch((error: unknown) =>
        logger.error(`The id of a task cannot be written down: ${String(error)}`, { task: id, ticket }),
      );
    return ticket;
  }

  async #make(id: string, ticket: Ticket, order: TaskOrder<Ticket>): Promise<MadeImages> {
    const { driver, settings, fetch } = this.#options;
    const { signal: stop, unlink } = linkSignals([order.signal, this.#closing.signal]);
    try {
      const state = await followTask({
        driver,
        ticket,
        settings,
        pause: (milliseconds, signal) => this.#news.wait(id, milliseconds, signal),
        signal: stop,
        onProgress: order.onProgress,
      });
      if (state.kind === 'failed') throw new TaskFailed(state.failure);
      const files = await Promise.all(state.images.map((image) => fetch(image, stop))).catch(
        (error: unknown) => {
          throw EaselError.isInstance(error) ? unread(error) : error;
        },
      );
      await this.#keep(id, files, state.details);
      return { files, details: state.details };
    } catch (error) {
      if (this.#closing.signal.aborted && !order.signal.aborted) throw closed({ mayBePaid: true });
      throw error;
    } finally {
      unlink();
    }
  }

  /** Addresses of images expire, often within minutes. What cannot be written down is used all the same. */
  async #keep(id: string, files: readonly Uint8Array[], details: TaskDetails): Promise<void> {
    const { journal, logger } = this.#options;
    try {
      await keepMade(journal, id, { files, details });
    } catch (error) {
      logger.warn(`Images of a task cannot be kept: ${(error as Error).message}`, { task: id });
    }
  }

  /** A task whose images have been received. What the provider keeps of it does no harm. */
  #forget(id: string, ticket: Ticket): void {
    const { journal, driver, logger } = this.#options;
    journal.end(id);
    const forgotten = driver.forget?.(ticket, new AbortController().signal);
    if (forgotten === undefined) return;
    void this.#track(
      forgotten.catch((error: unknown) =>
        logger.warn(`A task that has ended stays at ${driver.name}: ${String(error)}`, { ticket }),
      ),
    );
  }

  /** A task that nobody wants any more; what the provider says to that makes no difference. */
  #cancel(id: string, ticket: Ticket): void {
    const { journal, driver, logger } = this.#options;
    const work = async () => {
      await driver
        .cancel?.(ticket, new AbortController().signal)
        .catch((error: unknown) => logger.warn(`A task cannot be cancelled: ${String(error)}`, { ticket }));
      journal.end(id);
    };
    void this.#track(work());
  }

  #track<T>(work: Promise<T>): Promise<T> {
    const tracked = work.catch(() => {}).finally(() => this.#working.delete(tracked));
    this.#working.add(tracked);
    return work;
  }
}

/** The provider has said that it has failed: there is nothing to come any more. */
class TaskFailed extends Error {
  constructor(readonly failure: EaselError) {
    super(failure.message);
  }
}
