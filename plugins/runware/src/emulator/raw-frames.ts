import { Duplex } from 'node:stream';
import type WebSocket from 'ws';

/** ws has no public name for the connection below a socket. */
function connectionOf(socket: WebSocket): Duplex {
  const connection: unknown = Reflect.get(socket, '_socket');
  if (connection instanceof Duplex) return connection;
  throw new Error('the socket has no connection');
}

/** Breaks a connection off, as a cable that is pulled out does: no goodbye. */
export function breakOff(socket: WebSocket | undefined): void {
  socket?.terminate();
}

/**
 * Sends the head of a text frame, RFC 6455 section 5.2, and half of its text, and breaks the connection off.
 */
export function sendHalf(socket: WebSocket | undefined, text: string): void {
  if (!socket) return;
  const payload = Buffer.from(text);
  const head = Buffer.alloc(10);
  head[0] = 0x81;
  head[1] = 127;
  head.writeBigUInt64BE(BigInt(payload.byteLength), 2);
  connectionOf(socket).write(Buffer.concat([head, payload.subarray(0, payload.byteLength >> 1)]), () =>
    socket.terminate(),
  );
}
