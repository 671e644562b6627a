import { randomUUID } from 'node:crypto';
import { type Logger, linkSignals } from '@easel/plugin-sdk';
import type { TaskIdentity, TaskJournal, TaskRecord } from '@easel/plugin-sdk/journal';
import type { TaskBody } from '../request/task-body.js';
import type { Config } from '../settings.js';
import { aborted } from '../transport/pause.js';
import { Transport } from '../transport/transport.js';
import { unreachable } from '../wire/failures.js';
import type { Item } from '../wire/frame.js';
import { Follower } from './follower.js';
import type { Inbox } from './inbox.js';
import { type Outcome, outOfReach } from './outcome.js';
import { ResponseRouter } from './response-router.js';

export interface TaskClientOptions {
  readonly config: Config;
  readonly apiKey: string;
  readonly logger: Logger;
  readonly journal: TaskJournal;
  readonly random: () => number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface TaskOrder {
  readonly body: TaskBody;
  /** Results that it makes. */
  readonly count: number;
  readonly identity: TaskIdentity;
  /** What tells a result from others; undefined for what is none. */
  readonly isResult: (item: Item) => string | undefined;
  readonly signal: AbortSignal;
  /** Told of 0 to 1 of it. */
  readonly onProgress?: (fraction: number) => void;
}

/** What a task has come to. */
export interface Done<Result> {
  readonly taskUUID: string;
  /** Whether it was sent by an earlier call. */
  readonly isAdopted: boolean;
  readonly result: Result;
  /**
   * To be called when its call ends: its result leaves the plugin now, or is kept for the same call to come
   * again. Until then the task is open, also for whoever runs after a crash: a call of several tasks is lost
   * with all of their results.
   */
  readonly end: (how: 'delivered' | 'kept') => void;
}

/** Commissions tasks: writes each down, has it followed, and writes down how it ended. */
export class TaskClient {
  readonly #options: TaskClientOptions;
  readonly #router: ResponseRouter;
  readonly #inquiries = new Map<string, AbortController>();
  readonly #closing = new AbortController();
  readonly transport: Transport;

  constructor(options: TaskClientOptions) {
    this.#options = options;
    this.#router = new ResponseRouter(options.logger);
    const { countWaiting } = this.#router;
    this.transport = new Transport({ ...options, receiver: this.#router, countWaiting });
  }

  /**
   * Has a task made. `receive` turns its outcome into what the call wants. A task of an earlier call that
   * nobody waits for is taken in place of a new one where it is the very same.
   * @throws EaselError what keeps it from being made, ERR_ABORTED
   */
  async perform<Result>(
    order: TaskOrder,
    receive: (outcome: Outcome & { kind: 'made' }) => Promise<Result>,
  ): Promise<Done<Result>> {
    const { journal } = this.#options;
    const adopted = await journal.adopt(order.identity);
    if (adopted) {
      this.#inquiries.get(adopted.id)?.abort();
      const done = await this.#follow(adopted.id, order, true, receive);
      if (done) return done;
    }
    if (order.signal.aborted) throw aborted();
    const taskUUID = randomUUID();
    const { identity, count, body } = order;
    const { fingerprint, requestId } = identity;
    const writtenAt = this.#options.now();
    const model = String(body.model ?? body.taskType);
    await journal.begin({ id: taskUUID, writtenAt, fingerprint, requestId, count, model });
    // Never undefined: only what was adopted may be gone.
    return (await this.#follow(taskUUID, order, false, receive)) as Done<Result>;
  }

  /** What Runware says of a task that nobody waits for. Rejects with ERR_ABORTED when somebody does again. */
  async inquire(
    { id: taskUUID, count }: Pick<TaskRecord, 'id' | 'count'>,
    isResult: TaskOrder['isResult'],
  ): Promise<Outcome> {
    const controller = new AbortController();
    this.#inquiries.set(taskUUID, controller);
    try {
      const inbox = this.#router.open(taskUUID, isResult);
      const question = { taskType: 'getResponse', taskUUID };
      return await this.#run(inbox, question, { count, signal: controller.signal }, true);
    } finally {
      this.#inquiries.delete(taskUUID);
    }
  }

  get isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Ends what waits; what was sent stays in the journal. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.transport.close();
  }

  /** Undefined: an adopted task is gone, and there is nothing of it. */
  async #follow<Result>(
    taskUUID: string,
    order: TaskOrder,
    isAdopted: boolean,
    receive: (outcome: Outcome & { kind: 'made' }) => Promise<Result>,
  ): Promise<Done<Result> | undefined> {
    const { journal, logger } = this.#options;
    let isOver = false;
    try {
      const inbox = this.#router.open(taskUUID, order.isResult);
      const task = { ...order.body, taskUUID };
      const outcome = await this.#run(inbox, task, order, isAdopted);
      if (outcome.kind === 'made') {
        const result = await receive(outcome);
        isOver = true;
        const end = (how: 'delivered' | 'kept') =>
          how === 'delivered' ? journal.end(taskUUID) : journal.abandon(taskUUID);
        return { taskUUID, isAdopted, result, end };
      }
      if (outcome.kind === 'doubtful') throw outcome.failure;
      isOver = true;
      journal.end(taskUUID);
      if (!isAdopted || outcome.ending !== 'lost') throw outcome.failure;
      logger.warn('a task of an earlier call is gone; it is made anew', { taskUUID });
      return undefined;
    } finally {
      if (!isOver) journal.abandon(taskUUID);
    }
  }

  async #run(
    inbox: Inbox,
    task: TaskBody & { readonly taskUUID: string },
    { count, signal, onProgress }: Pick<TaskOrder, 'count' | 'signal' | 'onProgress'>,
    isAdopted: boolean,
  ): Promise<Outcome> {
    const { config, random } = this.#options;
    const either = linkSignals([signal, this.#closing.signal]);
    try {
      return await new Follower({
        task,
        count,
        isAdopted,
        inbox,
        sender: this.transport,
        onCarrier: (carrier) => this.#router.assign(inbox, carrier),
        config,
        random,
        signal: either.signal,
        onNews: () => onProgress?.(Math.min(1, Math.max(inbox.results.size / count, inbox.progress))),
      }).run();
    } catch (error) {
      if (!this.isClosed || signal.aborted) throw error;
      throw outOfReach(inbox.taskUUID, unreachable('Making a picture', 'the plugin was closed')).failure;
    } finally {
      either.unlink();
      this.#router.close(inbox);
    }
  }
}
