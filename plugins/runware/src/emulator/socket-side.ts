/**
 * The WebSocket side of the emulator, runware.ai/docs/getting-started/how-to-connect.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type WebSocket from 'ws';
import { invalidApiKey, missingApiKey } from './errors.js';
import { type Answer, type PerformOptions, perform, type Replies } from './perform.js';
import { breakOff, sendHalf } from './raw-frames.js';
import type { Fields } from './rules.js';
import type { ClientFrame, RunwareFault } from './script.js';
import { Session } from './session.js';

export interface SocketSideOptions extends PerformOptions {
  readonly isKey: (key: unknown) => boolean;
  readonly decide: (message: Fields, transport: 'websocket') => Promise<RunwareFault>;
  readonly log: (frame: ClientFrame) => void;
  /**
   * Whether what clients send is taken in at all; a connection that is dead without knowing it has nobody
   * there.
   */
  readonly isDeaf: () => boolean;
  readonly sessions: Map<string, Session>;
  readonly sessionMs: number;
  readonly idleMs: number;
  /**
   * Results wait so long for others of the connection, and come in one frame with them, in any order. 0: they
   * do not.
   */
  readonly gatherMs: number;
}

/** Serves one connection. */
export function serveSocket(
  socket: WebSocket,
  request: IncomingMessage,
  connection: number,
  options: SocketSideOptions,
): void {
  let session: Session | undefined;
  let idle = setTimeout(() => socket.close(1000), options.idleMs);
  const post = (body: Answer) => socket.send(JSON.stringify(body));
  socket.on('error', () => socket.terminate());
  socket.on('close', () => {
    clearTimeout(idle);
    session?.detach(socket);
  });
  socket.on('message', (data) => {
    clearTimeout(idle);
    idle = setTimeout(() => socket.close(1000), options.idleMs);
    const json = parse(String(data));
    options.log({
      transport: 'websocket',
      connection,
      json,
      headers: request.headers,
      url: request.url ?? '',
    });
    if (options.isDeaf()) return;
    if (!Array.isArray(json))
      return post({ errors: [{ code: 'invalidRequest', message: 'A message must be an array of tasks.' }] });
    for (const message of json as Fields[]) {
      if (message?.taskType === 'authentication')
        session = authenticate(message, socket, session, options) ?? session;
      else if (!session) {
        post({ errors: [missingApiKey] });
        socket.close(1008);
        return;
      } else if (message?.taskType === 'ping') post({ data: [{ taskType: 'ping', pong: true }] });
      else void serve(message ?? {}, session, options);
    }
  });
}

function authenticate(
  message: Fields,
  socket: WebSocket,
  current: Session | undefined,
  options: SocketSideOptions,
): Session | undefined {
  const { apiKey, connectionSessionUUID } = message;
  if (!options.isKey(apiKey)) {
    socket.send(JSON.stringify({ errors: [invalidApiKey] }));
    socket.close(1008);
    return undefined;
  }
  if (current) {
    const error = {
      code: 'duplicateAuthentication',
      message: 'This connection is authenticated.',
      taskType: 'authentication',
    };
    socket.send(JSON.stringify({ errors: [error] }));
    return undefined;
  }
  const known = options.sessions.get(String(connectionSessionUUID));
  const session = known && !known.isExpired ? known : new Session(options.sessionMs);
  options.sessions.set(session.id, session);
  session.attach(socket);
  socket.send(JSON.stringify({ data: [{ taskType: 'authentication', connectionSessionUUID: session.id }] }));
  for (const frame of session.replay()) socket.send(frame);
  return session;
}

async function serve(message: Fields, session: Session, options: SocketSideOptions): Promise<void> {
  const fault = await options.decide(message, 'websocket');
  if (fault.drop === 'before') return breakOff(session.socket);
  await perform(message, fault, repliesTo(session, options), options);
}

function repliesTo(session: Session, { gatherMs, isDeaf }: SocketSideOptions): Replies {
  let isDropped = false;
  const held: Fields[] = [];
  const send = (body: Answer, fault: RunwareFault) => {
    const frame = fault.garbage ?? JSON.stringify(body);
    const { socket } = session;
    if (isDeaf()) return;
    if (fault.swallow && !isDropped) isDropped = true;
    else if (fault.drop && typeof fault.drop === 'string' && !isDropped) {
      isDropped = true;
      session.keep(frame);
      if (fault.drop === 'mid-frame') sendHalf(socket, frame);
      else breakOff(socket);
    } else if (!socket) session.keep(frame);
    else if (fault.trickle) void trickle(socket, frame, fault.trickle);
    else for (let copy = 0; copy <= (fault.duplicates ?? 0); copy++) socket.send(frame);
  };
  return {
    answer: (body, fault) => {
      // Errors come beside what was made and held back.
      send(held.length > 0 ? { ...body, data: [...held.splice(0), ...(body.data ?? [])] } : body, fault);
    },
    result: (result, task, fault) => {
      const { drop } = fault;
      if (fault.isTogether || gatherMs > 0) held.push(result);
      else send({ data: [result] }, fault);
      if (fault.isTogether && task.results.length === task.count)
        send({ data: held.splice(0).reverse() }, fault);
      else if (gatherMs > 0) gather(session, held.splice(0), gatherMs);
      if (typeof drop === 'object' && task.results.length === drop.afterPictures && !isDropped) {
        isDropped = true;
        setImmediate(() => breakOff(session.socket));
      }
    },
  };
}

const gathered = new WeakMap<Session, Fields[]>();

function gather(session: Session, results: readonly Fields[], gatherMs: number): void {
  const waiting = gathered.get(session) ?? [];
  waiting.push(...results);
  if (gathered.has(session)) return;
  gathered.set(session, waiting);
  setTimeout(() => {
    gathered.delete(session);
    const frame = JSON.stringify({ data: waiting.sort(() => Math.random() - 0.5) });
    if (session.socket) session.socket.send(frame);
    else session.keep(frame);
  }, gatherMs);
}

async function trickle(
  socket: WebSocket,
  frame: string,
  { bytes, everyMs }: { bytes: number; everyMs: number },
): Promise<void> {
  for (let from = 0; from < frame.length && socket.readyState === 1; from += bytes) {
    socket.send(frame.slice(from, from + bytes), { fin: from + bytes >= frame.length });
    await pause(everyMs);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
