import type { EaselError } from '../errors.js';
import type { Progress } from '../result.js';
import type { BatchTarget } from './driver.js';

/** Whoever waits for a picture. */
export interface Waiter {
  /** The picture is on disk. */
  made(): void;
  fail(error: EaselError): void;
  report(progress: Progress): void;
}

/** What a line asks for. */
export interface Ask {
  readonly target: BatchTarget;
  /** The body of the line, JSON. */
  readonly body: string;
  /** What tells what is asked for from what other calls ask for. */
  readonly fingerprint: string;
  /** Of the call: carried out again under the same id, it finds its own. Absent: nobody resumes the call. */
  readonly requestId?: string | undefined;
  /**
   * Whether a call of another id, or of none, with the same fingerprint asks for this very image: it has a
   * seed, or a name. Absent: no.
   */
  readonly isRepeatable?: boolean | undefined;
  readonly seed?: number | undefined;
}

/**
 * One picture of a batch. A line that nobody waits for is either an orphan, whose caller fell with a process
 * and may come again, or its caller has given it up.
 */
export class Line {
  readonly fingerprint: string;
  readonly requestId: string | undefined;
  readonly seed: number | undefined;
  /** Undefined when it is on disk. */
  ask: Ask | undefined;
  /** Its `custom_id`. Empty until its batch is written. */
  customId = '';
  /** Its number in its batch, from 1. */
  place = 0;
  /** Batches that it has been in. */
  tries = 0;
  #state: 'open' | 'made' | 'failed' | 'delivered' = 'open';
  #isGivenUp = false;
  #hasCome = false;
  #waiter: Waiter | undefined;

  constructor({
    fingerprint,
    requestId,
    seed,
    ask,
  }: Pick<Ask, 'fingerprint' | 'requestId' | 'seed'> & { readonly ask?: Ask }) {
    this.fingerprint = fingerprint;
    this.requestId = requestId;
    this.seed = seed;
    this.ask = ask;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Whether its picture has been on disk. */
  get wasMade(): boolean {
    return this.#state === 'made' || this.#state === 'delivered';
  }

  get isMade(): boolean {
    return this.#state === 'made';
  }

  /** Whether its picture has come, and is on disk or being written there. */
  get hasCome(): boolean {
    return this.isMade || (this.isOpen && this.#hasCome);
  }

  get isWaitedFor(): boolean {
    return this.#waiter !== undefined;
  }

  /** Whether it is to be made: somebody waits for it, or may come again for it. */
  get isWanted(): boolean {
    return this.isOpen && !this.#isGivenUp;
  }

  /** Whether a call could have it. */
  get isFree(): boolean {
    return !this.#waiter && (this.isOpen || this.isMade);
  }

  attach(waiter: Waiter): void {
    this.#waiter = waiter;
    this.#isGivenUp = false;
  }

  /** Its caller waits no more: it was cancelled, or has failed by another of its pictures. */
  giveUp(): void {
    this.#waiter = undefined;
    this.#isGivenUp = true;
  }

  report(progress: Progress): void {
    this.#waiter?.report(progress);
  }

  /** Its picture has come, and is being written. Whoever asks for it from now on gets it. */
  markCome(): void {
    this.#hasCome = true;
  }

  /** Its picture is on disk. */
  markMade(): void {
    this.#state = 'made';
    this.#waiter?.made();
  }

  /** Its caller has its picture. */
  markDelivered(): void {
    this.#state = 'delivered';
    this.#waiter = undefined;
  }

  /** There will be no picture, and nothing was paid. */
  fail(error: EaselError): void {
    this.#state = 'failed';
    this.#reject(error);
  }

  /** Its caller is told a failure; the line stays for when it comes again. */
  leaveBehind(error: EaselError): void {
    this.#reject(error);
  }

  #reject(error: EaselError): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.fail(error);
  }
}
