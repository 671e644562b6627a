import { type ErrorCode, errorTable, type Fault } from './error-table.js';

export interface EaselErrorOptions {
  readonly code: ErrorCode;
  /** What happened, where, with the values that matter; never a secret. */
  readonly message: string;
  /**
   * The field of the request that it is about, by its name in the contract, for example `width` or
   * `providerOptions.swatch`. A message about a field begins with its name and a colon. Absent: no field in
   * particular.
   */
  readonly field?: string | undefined;
  /** What to do; absent means the table's sentence. */
  readonly hint?: string | undefined;
  /** The plugin that it happened in; the kernel fills it in for errors that come out of a plugin. */
  readonly plugin?: string | undefined;
  /** Milliseconds after which another try makes sense; absent means unknown. */
  readonly retryAfterMs?: number | undefined;
  /**
   * Whether a provider may have been paid although the call failed. No other candidate is asked then; the
   * same plugin is asked again only where the code says that the fault may pass, under the same `requestId`.
   * Absent: nothing was paid.
   */
  readonly mayBePaid?: boolean | undefined;
  readonly cause?: unknown;
}

/**
 * `instanceof` fails across processes and package copies; this marker does not (Symbol.for is one registry
 * per process).
 */
const marker = Symbol.for('easel.error');

/**
 * The only error class that leaves Easel.
 *
 * @example
 * throw new EaselError({ code: 'ERR_PROVIDER_UNAVAILABLE', message: 'https://example.com answered 503' });
 */
export class EaselError extends Error {
  readonly [marker] = true;
  readonly code: ErrorCode;
  readonly field: string | undefined;
  readonly hint: string;
  readonly plugin: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly mayBePaid: boolean;

  constructor(options: EaselErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'EaselError';
    this.code = options.code;
    this.field = options.field;
    this.hint = options.hint ?? errorTable[options.code].hint;
    this.plugin = options.plugin;
    this.retryAfterMs = options.retryAfterMs;
    this.mayBePaid = options.mayBePaid ?? false;
  }

  get fault(): Fault {
    return errorTable[this.code].fault;
  }

  /** Whether the same call may be sent again without the risk of being paid twice. */
  get retryable(): boolean {
    return errorTable[this.code].retryable && !this.mayBePaid;
  }

  get countsForBreaker(): boolean {
    return errorTable[this.code].countsForBreaker;
  }

  /** Recognises an Easel error by its marker, whichever copy of this package made it. */
  static isInstance(value: unknown): value is EaselError {
    return typeof value === 'object' && value !== null && (value as { [marker]?: unknown })[marker] === true;
  }
}
