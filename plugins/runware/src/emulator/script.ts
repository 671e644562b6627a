import type { RunwareError } from './errors.js';
import type { Fields } from './rules.js';

/** What goes wrong with one message; several things can. */
export interface RunwareFault {
  /** Milliseconds until the message is looked at. Absent: 0. */
  readonly delayMs?: number;
  /** Milliseconds that each picture takes. Absent: 0. */
  readonly workMs?: number;
  /** It takes until this has resolved. Absent: no longer than `workMs`. */
  readonly until?: Promise<void>;
  /** Answered in place of taking the task; nothing is paid. Absent: nothing. */
  readonly refuse?: RunwareError;
  /** The task is taken and paid, and fails after so many pictures. Absent: it does not. */
  readonly fail?: { readonly after: number; readonly error: RunwareError };
  /** Errors about the task do not name it. Absent: they do. */
  readonly isUnnamed?: boolean;
  /**
   * Breaks the connection off: before anything is done; when the task is taken, its answer never having left
   * (it comes when the session is resumed); in the middle of the answer's frame; or when so many pictures of
   * it have been sent. Absent: no.
   */
  readonly drop?: 'before' | 'after' | 'mid-frame' | { readonly afterPictures: number };
  /** What would be answered gets lost, and is not kept for a resumed session. Absent: it does not. */
  readonly swallow?: boolean;
  /**
   * The acknowledgement of an asynchronous task says nothing at all: `{"data":[]}`. Absent: it names the
   * task.
   */
  readonly emptyAck?: boolean;
  /** Each answer comes so many times more. Absent: 0. */
  readonly duplicates?: number;
  /** All results of the task come in one frame, the last one first. Absent: each in its own. */
  readonly isTogether?: boolean;
  /** Answered in place of JSON. Absent: JSON is. */
  readonly garbage?: string;
  /** `NSFWContent` of its pictures, where content is checked. Absent: false. */
  readonly isFlagged?: boolean;
  /** Sends what is answered in pieces. Absent: at once. */
  readonly trickle?: { readonly bytes: number; readonly everyMs: number };
  /**
   * Over HTTP, in place of the answer: before the task is looked at, or when it is taken and paid. Absent:
   * the answer.
   */
  readonly http?: {
    readonly status: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly isAfter?: boolean;
  };
}

export interface MessageContext {
  readonly transport: 'websocket' | 'http';
  /** Messages with this taskType before it. */
  readonly index: number;
}

/** Told of each message but authentications and pings. Undefined: nothing goes wrong with it. */
export type RunwareScript = (
  message: Fields,
  context: MessageContext,
) => RunwareFault | undefined | Promise<RunwareFault | undefined>;

/** A message or request as a client sent it. */
export interface ClientFrame {
  readonly transport: 'websocket' | 'http';
  /** Counts connections; 0 over HTTP. */
  readonly connection: number;
  /** The array, or whatever it was. */
  readonly json: unknown;
  /** Headers of the request, or of the handshake. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Path and query. */
  readonly url: string;
}
