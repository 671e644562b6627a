/**
 * Opening a WebSocket and having the key taken, runware.ai/docs/getting-started/how-to-connect. The key goes
 * into the first message and never into the URL.
 *
 * @module
 */
import { EaselError } from '@easel/plugin-sdk';
import WebSocket from 'ws';
import { categoryOf } from '../wire/category.js';
import { failureOf, unreachable } from '../wire/failures.js';
import { type Complaint, type Frame, mostAnswerBytes, readFrame } from '../wire/frame.js';
import { withoutKey } from './secret.js';

export interface HandshakeOptions {
  readonly url: string;
  readonly apiKey: string;
  /** Session to resume. Absent: a new one. */
  readonly session?: string | undefined;
  /** Milliseconds that all of it may take. */
  readonly handshakeMs: number;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Told that Runware will not have the session, whatever it says of the key. */
  readonly onSessionRefused: () => void;
  /** Told of all frames but the answer to the key, also of those that come right behind it. */
  readonly onFrame: (frame: Frame) => void;
}

export interface Opened {
  readonly socket: WebSocket;
  readonly session: string | undefined;
}

/**
 * Rejects with ERR_PROVIDER_AUTH where the key is refused, else with ERR_PROVIDER_UNAVAILABLE. The socket
 * that it resolves with is open and has the listener for messages already.
 */
export function openSocket(options: HandshakeOptions): Promise<Opened> {
  const { url, apiKey, session, handshakeMs, signal, onSessionRefused, onFrame } = options;
  const what = `Connecting to ${new URL(url).host}`;
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, {
      perMessageDeflate: false,
      maxPayload: mostAnswerBytes,
      // Followed redirects would carry the key to another host.
      followRedirects: false,
    });
    let isSettled = false;
    const settle = (how: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      isSettled = true;
      how();
    };
    const fail = (error: EaselError) => {
      if (isSettled) return;
      settle(() => reject(error));
      socket.terminate();
    };
    const onAbort = () => fail(unreachable(what, 'the plugin is being closed'));
    signal.addEventListener('abort', onAbort);
    const timer = setTimeout(
      () => fail(unreachable(what, `it took longer than ${handshakeMs} ms`)),
      handshakeMs,
    );
    socket.on('error', (error) => fail(unreachable(what, describe(error))));
    socket.on('close', (code) => fail(unreachable(what, `the connection was closed (${code})`)));
    socket.on('open', () => {
      const resumed = session === undefined ? {} : { connectionSessionUUID: session };
      socket.send(JSON.stringify([{ taskType: 'authentication', apiKey, ...resumed }]));
    });
    socket.on('message', (data) => {
      const { items, complaints } = withoutKey(readFrame(String(data)), apiKey);
      if (isSettled) return onFrame({ items, complaints });
      const answer = items.find(({ taskType }) => taskType === 'authentication');
      if (answer) settle(() => resolve({ socket, session: answer.connectionSessionUUID }));
      else if (complaints[0]) {
        onSessionRefused();
        return fail(refusal(what, complaints[0]));
      }
      const rest = items.filter((item) => item !== answer);
      if (rest.length > 0 || complaints.length > 0) onFrame({ items: rest, complaints });
    });
  });
}

/**
 * Before the key is taken every complaint is about it, whatever its code; but only some mean that it is
 * wrong.
 */
function refusal(what: string, complaint: Complaint): EaselError {
  const category = categoryOf(complaint);
  if (category === 'auth' || category === 'quota') return failureOf(what, complaint);
  const { code, message } = complaint;
  return unreachable(what, `Runware answered ${code}: ${message}`);
}

/** Several addresses are tried, and their errors kept inside. */
function describe(error: Error): string {
  const { errors } = error as { errors?: readonly Error[] };
  return error.message || (errors?.[0]?.message ?? 'no answer');
}

/** Whether an error says that the key is refused: nothing is tried again by itself then. */
export const isRefusal = (error: unknown): error is EaselError =>
  EaselError.isInstance(error) && error.code === 'ERR_PROVIDER_AUTH';
