import type { EaselError, Logger } from '@easel/plugin-sdk';
import type { Carrier, Receiver } from '../transport/carrier.js';
import { failureOf } from '../wire/failures.js';
import type { Complaint, Frame, Item } from '../wire/frame.js';
import { unpackArchive } from './archive.js';
import { Inbox } from './inbox.js';

/**
 * Hands what comes to whom it is for, by the task's UUID alone: frames hold results of several tasks, in any
 * order.
 */
export class ResponseRouter implements Receiver {
  readonly #logger: Logger;
  readonly #inboxes = new Map<string, Inbox>();
  readonly #byCarrier = new Map<Carrier, Set<Inbox>>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  open(taskUUID: string, isResult: (item: Item) => string | undefined): Inbox {
    const inbox = new Inbox(taskUUID, isResult);
    this.#inboxes.set(taskUUID, inbox);
    return inbox;
  }

  close(inbox: Inbox): void {
    if (this.#inboxes.get(inbox.taskUUID) === inbox) this.#inboxes.delete(inbox.taskUUID);
    this.#leave(inbox);
  }

  /** The next message about the task goes over this one. */
  assign(inbox: Inbox, carrier: Carrier): void {
    if (inbox.carrier === carrier) return;
    this.#leave(inbox);
    inbox.carrier = carrier;
    const inboxes = this.#byCarrier.get(carrier) ?? new Set();
    this.#byCarrier.set(carrier, inboxes.add(inbox));
  }

  readonly countWaiting = (carrier: Carrier): number => this.#byCarrier.get(carrier)?.size ?? 0;

  /** Results before complaints: what was made before something went wrong has been paid. */
  onFrame({ items, complaints }: Frame, from: Carrier): void {
    for (const item of items) this.#deliver(item);
    for (const complaint of complaints) this.#complain(complaint, from);
  }

  onLost(from: Carrier, reason: EaselError, taskUUID?: string): void {
    const affected = taskUUID === undefined ? this.#waitingOn(from) : [this.#inboxes.get(taskUUID)];
    for (const inbox of affected) inbox?.lose(reason);
  }

  onRefused(from: Carrier, reason: EaselError): void {
    for (const inbox of this.#waitingOn(from)) inbox.refuse(reason);
  }

  #deliver(item: Item): void {
    const inbox = item.taskUUID === undefined ? undefined : this.#inboxes.get(item.taskUUID);
    if (inbox) {
      inbox.accept(item);
      if (item.response !== undefined) unpackArchive(inbox, item.response);
    } else if (item.imageUUID !== undefined)
      this.#logger.info('a picture came that nobody waits for', {
        taskUUID: item.taskUUID,
        imageUUID: item.imageUUID,
      });
  }

  #complain(complaint: Complaint, from: Carrier): void {
    const named = complaint.taskUUID === undefined ? undefined : this.#inboxes.get(complaint.taskUUID);
    if (named) return void named.complain(complaint);
    const { code, message, taskUUID } = complaint;
    if (taskUUID !== undefined)
      return void this.#logger.debug('Runware complained about a task that nobody waits for', {
        code,
        taskUUID,
      });
    this.#logger.warn('Runware complained about no task in particular', { code, message });
    const waiting = this.#waitingOn(from);
    const [only, ...others] = waiting;
    if (only && others.length === 0) return void only.complain(complaint);
    // It is about one of them: all are asked about.
    const reason = failureOf('Sending tasks', complaint);
    for (const inbox of waiting) inbox.lose(reason);
  }

  #waitingOn(carrier: Carrier): Inbox[] {
    return [...(this.#byCarrier.get(carrier) ?? [])];
  }

  #leave(inbox: Inbox): void {
    if (!inbox.carrier) return;
    const inboxes = this.#byCarrier.get(inbox.carrier);
    inboxes?.delete(inbox);
    if (inboxes?.size === 0) this.#byCarrier.delete(inbox.carrier);
    inbox.carrier = undefined;
  }
}
