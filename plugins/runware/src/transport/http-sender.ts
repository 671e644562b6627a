import {
  EaselError,
  isUnsent,
  linkSignals,
  patientFetch,
  readBody,
  readRetryAfterMs,
  reasonOf,
} from '@easel/plugin-sdk';
import type { Config } from '../settings.js';
import { categoryOf } from '../wire/category.js';
import { failureOf, unreachable } from '../wire/failures.js';
import { type Complaint, type Frame, garbled, mostAnswerBytes, readFrame } from '../wire/frame.js';
import type { Carrier, Message, Receiver, Sender, SendOptions } from './carrier.js';
import { Limiter } from './limiter.js';
import { aborted } from './pause.js';
import { withoutKey } from './secret.js';

export interface HttpSenderOptions {
  readonly config: Config;
  readonly apiKey: string;
  readonly receiver: Receiver;
  readonly now: () => number;
}

/**
 * Sends each message as a request of its own: `POST` with the key in a header,
 * runware.ai/docs/getting-started/how-to-connect.
 */
export class HttpSender implements Sender, Carrier {
  readonly kind = 'http';
  readonly #options: HttpSenderOptions;
  readonly #limiter: Limiter;

  constructor(options: HttpSenderOptions) {
    this.#options = options;
    this.#limiter = new Limiter(options.config.httpRequests);
  }

  /** Resolves when the receiver has been told of the answer, or that there is none. */
  async send(message: Message, { signal, onCarrier }: SendOptions): Promise<void> {
    await this.#limiter.run(signal, async () => {
      onCarrier(this);
      const frame = await this.#post(message, signal);
      if (!frame) return;
      const refusal = frame.complaints.find((complaint) => categoryOf(complaint) === 'auth');
      if (refusal) throw failureOf('Sending a task', refusal);
      this.#options.receiver.onFrame(frame, this);
    });
  }

  /** Undefined: the task is in doubt, and the receiver knows. */
  async #post(message: Message, signal: AbortSignal): Promise<Frame | undefined> {
    const { config, apiKey, receiver } = this.#options;
    const what = `Sending to ${new URL(config.httpUrl).host}`;
    const ending = linkSignals([signal], config.requestMs);
    try {
      const response = await patientFetch(config.httpUrl, {
        method: 'POST',
        headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify([message]),
        signal: ending.signal,
      });
      const frame = withoutKey(await frameOf(response), apiKey);
      return this.#judge(frame, response, message, what);
    } catch (error) {
      if (signal.aborted) throw aborted();
      if (EaselError.isInstance(error)) throw error;
      const { code, message: said } = reasonOf(error);
      const reason = ending.signal.aborted ? `no answer came within ${config.requestMs} ms` : said;
      const failure = unreachable(what, reason);
      if (isUnsent(code)) throw failure;
      receiver.onLost(this, failure, message.taskUUID);
      return undefined;
    } finally {
      ending.unlink();
    }
  }

  /**
   * Complaints without a task are about the one that was sent; what stands before the API (5xx) may fail when
   * it has been taken.
   */
  #judge(frame: Frame, response: Response, message: Message, what: string): Frame | undefined {
    const { receiver, now } = this.#options;
    const { status, headers, ok } = response;
    const retryAfterMs = readRetryAfterMs(headers, now());
    const about = (complaint: Complaint): Complaint => ({
      ...complaint,
      taskUUID: complaint.taskUUID ?? message.taskUUID,
      ...(ok ? {} : { httpStatus: status, retryAfterMs }),
    });
    const isSilent = frame.items.length === 0 && frame.complaints.length === 0;
    const complaints =
      !ok && isSilent
        ? [about({ code: 'unknownError', message: '(no message)', parameters: [] })]
        : frame.complaints.map(about);
    const isNamed = frame.items.length > 0 || frame.complaints.some(({ taskUUID }) => taskUUID !== undefined);
    if (status === 408 || (status >= 500 && !isNamed)) {
      receiver.onLost(this, unreachable(what, `it answered ${status}`), message.taskUUID);
      return undefined;
    }
    return { items: frame.items, complaints };
  }
}

/** An answer that is too large is one that cannot be read: the task is asked for again. */
async function frameOf(response: Response): Promise<Frame> {
  try {
    return readFrame((await readBody(response, mostAnswerBytes)).toString('utf8'));
  } catch (error) {
    if (!EaselError.isInstance(error)) throw error;
    return { items: [], complaints: [garbled(error.message)] };
  }
}
