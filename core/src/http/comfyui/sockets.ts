import type { WebSocket } from '@fastify/websocket';

/** Bytes that may wait for a slow client; what comes meanwhile is left out. */
const mostWaiting = 16 * 1024 * 1024;
/** Of ComfyUI's `protocol.py`: an unfinished image, and its format. */
const previewType = 1;
const previewFormats: Readonly<Record<string, number>> = { 'image/jpeg': 1, 'image/png': 2 };

/** The WebSockets of callers, by the names that their clients give themselves. */
export class Sockets {
  readonly #sockets = new Map<WebSocket, { readonly caller: string; readonly client: string }>();

  /** Knows a WebSocket until it closes. */
  add(socket: WebSocket, caller: string, client: string): void {
    this.#sockets.set(socket, { caller, client });
    socket.on('close', () => this.#sockets.delete(socket));
    // What clients send, such as the features that they have, changes nothing.
    socket.on('message', () => {});
    socket.on('error', () => socket.terminate());
  }

  /** @param client undefined: all of the caller's */
  tell(caller: string, client: string | undefined, type: string, data: object): void {
    const message = JSON.stringify({ type, data });
    for (const socket of this.#of(caller, client)) send(socket, message);
  }

  /** An unfinished image, JPEG or PNG. */
  show(caller: string, client: string, bytes: Uint8Array, mediaType: string): void {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(previewType, 0);
    head.writeUInt32BE(previewFormats[mediaType] ?? 2, 4);
    const message = Buffer.concat([head, bytes]);
    for (const socket of this.#of(caller, client)) send(socket, message);
  }

  #of(caller: string, client: string | undefined): WebSocket[] {
    return [...this.#sockets].flatMap(([socket, about]) =>
      about.caller === caller && (client === undefined || about.client === client) ? [socket] : [],
    );
  }
}

function send(socket: WebSocket, message: string | Buffer): void {
  if (socket.bufferedAmount < mostWaiting) socket.send(message);
}
