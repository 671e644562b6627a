import type { EaselError } from '@easel/plugin-sdk';
import type { Carrier } from '../transport/carrier.js';
import type { Complaint, Item } from '../wire/frame.js';

/** What has happened to a task since somebody last looked. */
export interface News {
  /** Runware has said something of it that is not a complaint: it has the task. */
  readonly isTaken: boolean;
  /** It still works on a part of it, by what it said last. */
  readonly isWorking: boolean;
  readonly complaints: readonly Complaint[];
  /** What was sent or is to come may be lost. Absent: nothing is. */
  readonly lost?: EaselError | undefined;
  /** The key was refused. Absent: it was not. */
  readonly refused?: EaselError | undefined;
}

/** What comes for one task, each result once, however often and in whatever order it comes. */
export class Inbox {
  readonly taskUUID: string;
  /** Results by what tells them apart, in the order in which they came first. */
  readonly results = new Map<string, Item>();
  /** What the last message about the task went over. Absent: none was sent. */
  carrier: Carrier | undefined;
  /** 0 to 1, as far as Runware tells. */
  progress = 0;
  readonly #isResult: (item: Item) => string | undefined;
  #isTaken = false;
  #isWorking = false;
  #complaints: Complaint[] = [];
  #lost: EaselError | undefined;
  #refused: EaselError | undefined;
  #wake: (() => void) | undefined;

  /** @param isResult what tells a result from others of its task; undefined for what is none */
  constructor(taskUUID: string, isResult: (item: Item) => string | undefined) {
    this.taskUUID = taskUUID;
    this.#isResult = isResult;
  }

  accept(item: Item): void {
    const key = this.#isResult(item);
    if (key !== undefined && !this.results.has(key)) this.results.set(key, item);
    if (item.progress !== undefined)
      this.progress = Math.min(1, Math.max(this.progress, item.progress / 100));
    this.#isTaken = true;
    if (item.status === 'processing') this.#isWorking = true;
    this.#wake?.();
  }

  complain(complaint: Complaint): void {
    this.#complaints.push(complaint);
    this.#wake?.();
  }

  lose(reason: EaselError): void {
    this.#lost = reason;
    this.#wake?.();
  }

  refuse(reason: EaselError): void {
    this.#refused = reason;
    this.#wake?.();
  }

  /**
   * Waits for news, for so many milliseconds at most. Undefined: there were none, or the signal was aborted.
   */
  async next(ms: number, signal: AbortSignal): Promise<News | undefined> {
    if (!this.#hasNews() && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          clearTimeout(timer);
          signal.removeEventListener('abort', wake);
          this.#wake = undefined;
          resolve();
        };
        const timer = setTimeout(wake, ms);
        signal.addEventListener('abort', wake);
        this.#wake = wake;
      });
    }
    if (!this.#hasNews()) return undefined;
    const news = {
      isTaken: this.#isTaken,
      isWorking: this.#isWorking,
      complaints: this.#complaints,
      lost: this.#lost,
      refused: this.#refused,
    };
    this.#isTaken = false;
    this.#isWorking = false;
    this.#complaints = [];
    this.#lost = undefined;
    return news;
  }

  #hasNews(): boolean {
    return (
      this.#isTaken || this.#complaints.length > 0 || this.#lost !== undefined || this.#refused !== undefined
    );
  }
}
