import type { BatchLine, LineProblem } from './lines.js';

/** What becomes of a line. Absent: a picture. */
export interface LineOutcome {
  readonly status: number;
  readonly error: { readonly message: string; readonly type?: string; readonly code?: string };
}

/** How a batch goes; all times in milliseconds. */
export interface BatchCourse<Body = unknown> {
  /** Absent: 5. */
  readonly validatingMs?: number;
  /** Absent: 5. */
  readonly perLineMs?: number;
  /** Absent: 5. */
  readonly finalizingMs?: number;
  /** Absent: 5. */
  readonly cancellingMs?: number;
  /** Nothing goes on while it says so. Absent: never. */
  readonly isHeld?: () => boolean;
  /** Order of the lines in the output. Absent: as they came. */
  readonly order?: 'reversed' | 'shuffled';
  /** Makes so many lines and no more, and stays in progress. Absent: it makes all. */
  readonly stallsAfter?: number;
  /** Expires when so many lines are done. Absent: it does not. */
  readonly expiresAfter?: number;
  readonly outcome?: (line: BatchLine<Body>, index: number) => LineOutcome | undefined;
  /** Problems that its validation finds, beside those that it has. Absent: none. */
  readonly problems?: readonly LineProblem[];
  /** Whether its files are gone when they are asked for. Absent: no. */
  readonly losesFiles?: boolean;
  /** Counts of the batch object are left at 0. Absent: no. */
  readonly hidesCounts?: boolean;
}

export interface CreatedBatch<Body> {
  readonly id: string;
  readonly endpoint: string;
  readonly inputFileId: string;
  readonly window: string;
  readonly metadata: Readonly<Record<string, string>> | null;
  readonly lines: readonly BatchLine<Body>[];
  readonly problems: readonly LineProblem[];
  readonly course: BatchCourse<Body>;
  /** Serial number of the picture of its first line. */
  readonly firstSerial: number;
  /** The body of the answer to a line, whose picture has that serial number. */
  readonly draw: (body: Body, serial: number) => Promise<object>;
}

const stepMs = 5;
const windowSeconds = 24 * 3600;

/** A batch whose state follows from how long it has been worked on. */
export class EmulatedBatch<Body = unknown> {
  readonly created: CreatedBatch<Body>;
  readonly #createdAt = Date.now();
  #workedMs = 0;
  #lookedAt = performance.now();
  #cancelledAtMs: number | undefined;

  constructor(created: CreatedBatch<Body>) {
    this.created = created;
  }

  get #clock(): number {
    const now = performance.now();
    const isHeld = this.#cancelledAtMs === undefined && this.created.course.isHeld?.();
    if (!isHeld) this.#workedMs += now - this.#lookedAt;
    this.#lookedAt = now;
    return this.#workedMs;
  }

  /** Lines that are done, well or not. */
  get done(): readonly BatchLine<Body>[] {
    const { lines, course, problems } = this.created;
    if (problems.length > 0) return [];
    const { validatingMs = stepMs, perLineMs = stepMs } = course;
    const most = Math.min(course.expiresAfter ?? lines.length, course.stallsAfter ?? lines.length);
    const worked = Math.min(this.#clock, this.#cancelledAtMs ?? Number.POSITIVE_INFINITY) - validatingMs;
    const count = worked < 0 ? 0 : perLineMs === 0 ? lines.length : Math.floor(worked / perLineMs);
    return lines.slice(0, Math.min(count, most));
  }

  /** Lines that have become pictures, and are paid. */
  get paid(): number {
    return this.done.filter((line) => !this.#outcomeOf(line)).length;
  }

  get status(): string {
    const { lines, course, problems } = this.created;
    const {
      validatingMs = stepMs,
      perLineMs = stepMs,
      finalizingMs = stepMs,
      cancellingMs = stepMs,
    } = course;
    const clock = this.#clock;
    if (this.#cancelledAtMs !== undefined)
      return clock < this.#cancelledAtMs + cancellingMs ? 'cancelling' : 'cancelled';
    if (clock < validatingMs) return 'validating';
    if (problems.length > 0) return 'failed';
    const { expiresAfter } = course;
    if (expiresAfter !== undefined && this.done.length >= expiresAfter) return 'expired';
    if (this.done.length < lines.length) return 'in_progress';
    return clock < validatingMs + perLineMs * lines.length + finalizingMs ? 'finalizing' : 'completed';
  }

  get isFinal(): boolean {
    return ['completed', 'failed', 'expired', 'cancelled'].includes(this.status);
  }

  /** Whether it could be cancelled. */
  cancel(): boolean {
    if (this.isFinal) return false;
    this.#cancelledAtMs ??= this.#clock;
    return true;
  }

  /** As the API shows it: platform.openai.com/docs/api-reference/batch/object. */
  describe(): Readonly<Record<string, unknown>> {
    const { id, endpoint, inputFileId, window, metadata, lines, problems, course } = this.created;
    const { status, isFinal, done } = this;
    const failed = done.filter((line) => this.#outcomeOf(line)).length;
    const seconds = Math.floor(this.#createdAt / 1000);
    const completed = done.length - failed;
    return {
      id,
      object: 'batch',
      endpoint,
      status,
      errors: status === 'failed' ? { object: 'list', data: problems } : null,
      input_file_id: inputFileId,
      completion_window: window,
      output_file_id: isFinal && completed > 0 ? `file-output-${id}` : null,
      error_file_id: isFinal && failed > 0 ? `file-error-${id}` : null,
      created_at: seconds,
      in_progress_at: status === 'validating' ? null : seconds,
      expires_at: seconds + windowSeconds,
      request_counts: course.hidesCounts
        ? { total: 0, completed: 0, failed: 0 }
        : { total: lines.length, completed, failed },
      metadata,
    };
  }

  /** The content of its output file, or of its error file. */
  async content(kind: 'output' | 'error'): Promise<Buffer> {
    const { lines, course, firstSerial, draw } = this.created;
    const chosen = this.done.filter((line) => (this.#outcomeOf(line) ? 'error' : 'output') === kind);
    const texts = await Promise.all(
      chosen.map(async (line) => {
        const index = lines.indexOf(line);
        const outcome = this.#outcomeOf(line);
        const body = outcome ? { error: outcome.error } : await draw(line.body, firstSerial + index);
        const response = { status_code: outcome?.status ?? 200, request_id: `request-${index}`, body };
        return JSON.stringify({ id: `result-${index}`, custom_id: line.customId, response, error: null });
      }),
    );
    if (course.order === 'reversed') texts.reverse();
    if (course.order === 'shuffled') texts.sort((one, other) => hash(one) - hash(other));
    return Buffer.from(texts.map((text) => `${text}\n`).join(''));
  }

  #outcomeOf(line: BatchLine<Body>): LineOutcome | undefined {
    return this.created.course.outcome?.(line, this.created.lines.indexOf(line));
  }
}

/** An order that is another one, and the same each time. */
const hash = (text: string) =>
  [...text.slice(0, 60)].reduce((sum, sign) => (sum * 31 + sign.charCodeAt(0)) % 9973, 7);
