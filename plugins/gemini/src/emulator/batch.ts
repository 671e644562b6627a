import type { GeminiFault } from './answer.js';
import type { GenerateContentRequest } from './request.js';

/** What becomes of a line. Absent: a picture, or words. */
export type LineOutcome =
  | { readonly refuse: NonNullable<GeminiFault['refuse']> }
  | { readonly error: { readonly code: number; readonly message: string } };

export interface BatchLine {
  readonly key: string | undefined;
  /** Its request, or why it is none. */
  readonly request: GenerateContentRequest | { readonly problem: string };
  readonly prompt: string;
}

/** How a batch goes; all times in milliseconds. */
export interface BatchCourse {
  /** Absent: 5. */
  readonly pendingMs?: number;
  /** Absent: 5. */
  readonly perLineMs?: number;
  /** Absent: 5. */
  readonly cancellingMs?: number;
  /** Order of the lines in the results. Absent: as they came. */
  readonly order?: 'reversed' | 'shuffled';
  /** Makes so many lines and no more, and goes on running. Absent: it makes all. */
  readonly stallsAfter?: number;
  /** Expires when so many lines are done, with their results. Absent: it does not. */
  readonly expiresAfter?: number;
  readonly outcome?: (line: BatchLine, index: number) => LineOutcome | undefined;
  /** Fails as a whole. Absent: it does not. */
  readonly failure?: { readonly code: number; readonly message: string };
  /** Whether its results are gone when they are asked for. Absent: no. */
  readonly losesFiles?: boolean;
  /** Leaves `batchStats` out. Absent: no. */
  readonly hidesCounts?: boolean;
}

export interface CreatedBatch {
  /** `batches/...` */
  readonly name: string;
  readonly model: string;
  readonly displayName: string;
  /** Undefined: its requests came inline. */
  readonly fileName: string | undefined;
  readonly lines: readonly BatchLine[];
  readonly failure: { readonly code: number; readonly message: string } | undefined;
  readonly course: BatchCourse;
  /** Serial number of the picture of its first line. */
  readonly firstSerial: number;
}

const stepMs = 5;
type State = 'PENDING' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED' | 'EXPIRED';

/** A batch whose state follows from how long ago it was created. */
export class EmulatedBatch {
  readonly created: CreatedBatch;
  readonly #createdAt = Date.now();
  readonly #startedAt = performance.now();
  #cancelledAtMs: number | undefined;

  constructor(created: CreatedBatch) {
    this.created = created;
  }

  get #clock(): number {
    return performance.now() - this.#startedAt;
  }

  /** Lines that are done, well or not. */
  get done(): readonly BatchLine[] {
    const { lines, course, failure } = this.created;
    if (failure) return [];
    const { pendingMs = stepMs, perLineMs = stepMs, expiresAfter, stallsAfter } = course;
    const most = Math.min(expiresAfter ?? lines.length, stallsAfter ?? lines.length);
    const worked = Math.min(this.#clock, this.#cancelledAtMs ?? Number.POSITIVE_INFINITY) - pendingMs;
    const count = worked < 0 ? 0 : Math.floor(worked / perLineMs);
    return lines.slice(0, Math.min(count, most));
  }

  /** Lines that have become pictures, and are paid. */
  get paid(): number {
    return this.done.filter((line) => !this.outcomeOf(line)).length;
  }

  get state(): State {
    const { lines, course, failure } = this.created;
    const { pendingMs = stepMs, cancellingMs = stepMs, expiresAfter } = course;
    const clock = this.#clock;
    if (this.#cancelledAtMs !== undefined && clock >= this.#cancelledAtMs + cancellingMs) return 'CANCELLED';
    if (clock < pendingMs) return 'PENDING';
    if (failure) return 'FAILED';
    if (expiresAfter !== undefined && this.done.length >= expiresAfter) return 'EXPIRED';
    return this.done.length < lines.length || this.#cancelledAtMs !== undefined ? 'RUNNING' : 'SUCCEEDED';
  }

  get isFinal(): boolean {
    return !['PENDING', 'RUNNING'].includes(this.state);
  }

  /** Whether it could be cancelled. */
  cancel(): boolean {
    if (this.isFinal) return false;
    this.#cancelledAtMs ??= this.#clock;
    return true;
  }

  outcomeOf(line: BatchLine): LineOutcome | undefined {
    if ('problem' in line.request) return { error: { code: 3, message: line.request.problem } };
    return this.created.course.outcome?.(line, this.created.lines.indexOf(line));
  }

  /**
   * As the API shows it, a long-running operation. `inlined`: the results of one whose requests were inline.
   */
  describe(inlined?: readonly unknown[]): Readonly<Record<string, unknown>> {
    const { name, model, displayName, fileName, lines, failure, course } = this.created;
    const { state, isFinal, done } = this;
    const isError = (line: BatchLine) => 'error' in (this.outcomeOf(line) ?? {});
    const failed = done.filter(isError).length;
    const created = new Date(this.#createdAt).toISOString();
    const hasResults = isFinal && done.length > 0;
    const output = inlined
      ? { inlinedResponses: { inlinedResponses: inlined } }
      : { responsesFile: this.resultsName };
    // Numbers of 64 bits are strings, and those that are 0 are left out.
    const counts = {
      requestCount: lines.length,
      successfulRequestCount: done.length - failed,
      failedRequestCount: failed,
      pendingRequestCount: lines.length - done.length,
    };
    const told = Object.entries(counts).flatMap(([key, count]) => (count === 0 ? [] : [[key, `${count}`]]));
    return {
      name,
      metadata: {
        '@type': 'type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch',
        name,
        model: `models/${model}`,
        displayName,
        ...(fileName === undefined ? {} : { inputConfig: { fileName } }),
        state: `BATCH_STATE_${state}`,
        createTime: created,
        updateTime: created,
        ...(isFinal ? { endTime: created } : {}),
        ...(course.hidesCounts ? {} : { batchStats: Object.fromEntries(told) }),
        ...(hasResults ? { output } : {}),
      },
      ...(isFinal ? { done: true } : {}),
      ...(state === 'FAILED' ? { error: failure } : hasResults ? { response: output } : {}),
    };
  }

  get resultsName(): string {
    return this.created.name.replace('batches/', 'files/batch-');
  }
}
