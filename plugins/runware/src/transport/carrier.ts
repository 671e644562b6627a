import type { EaselError } from '@easel/plugin-sdk';
import type { Frame } from '../wire/frame.js';

/** A task or a question about one, as it is sent: an entry of the array that Runware takes. */
export type Message = Readonly<Record<string, unknown>> & {
  readonly taskType: string;
  readonly taskUUID: string;
};

/** What a message went over, as far as anyone has to know. */
export interface Carrier {
  readonly kind: 'websocket' | 'http';
}

/** Told of what comes back. */
export interface Receiver {
  /** Also of entries that nobody waits for. */
  onFrame(frame: Frame, from: Carrier): void;
  /**
   * What was sent over it may not have arrived, and answers may be lost; of one task, where there is one
   * named.
   */
  onLost(from: Carrier, reason: EaselError, taskUUID?: string): void;
  /** The key has been refused, also after it was taken. */
  onRefused(from: Carrier, reason: EaselError): void;
}

export interface SendOptions {
  readonly signal: AbortSignal;
  /** What messages about the same task went over. Absent: there were none. */
  readonly before?: Carrier | undefined;
  /** Told at once, before it is sent, what the message is to go over. */
  readonly onCarrier: (carrier: Carrier) => void;
}

/**
 * Sends messages. `send` resolves when the message may have left; whether it arrived shows in what the
 * receiver is told. It rejects, with an `EaselError`, only where the message has surely not left.
 */
export interface Sender {
  send(message: Message, options: SendOptions): Promise<void>;
}
