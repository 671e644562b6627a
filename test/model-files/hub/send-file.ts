import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Fault } from './faults.js';

const pieceBytes = 16 * 1024;

/**
 * Sends a body, or the part of it that was asked for: one range, on condition of `If-Range`. Resolves with
 * the bytes sent.
 */
export async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  { bytes, tag, fault }: { bytes: Buffer; tag: string; fault: Fault | undefined },
): Promise<number> {
  if (fault?.kind === 'status') {
    const { status, retryAfterSeconds } = fault;
    if (retryAfterSeconds !== undefined) response.setHeader('retry-after', retryAfterSeconds);
    response.writeHead(status);
    response.end();
    return 0;
  }
  const range = rangeOf(request, tag);
  if (range && range.from >= bytes.length) {
    response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
    return 0;
  }
  const { from, to } = { from: 0, to: bytes.length - 1, ...range };
  const body = spoil(bytes.subarray(from, to + 1), fault);
  const headers = { etag: tag, 'accept-ranges': 'bytes', 'content-length': body.length };
  const part = range && {
    'content-range': `bytes ${from}-${Math.min(to, bytes.length - 1)}/${bytes.length}`,
  };
  response.writeHead(range ? 206 : 200, { ...headers, ...part });
  if (request.method === 'HEAD') {
    response.end();
    return 0;
  }
  const until = fault?.kind === 'cut' ? fault.afterBytes : body.length;
  let sent = 0;
  while (sent < until && !response.destroyed) {
    const piece = body.subarray(sent, Math.min(until, sent + pieceBytes));
    if (!response.write(piece)) await pause(1);
    sent += piece.length;
    if (fault?.kind === 'slow') await pause((1000 * piece.length) / fault.bytesPerSecond);
  }
  if (until < body.length) {
    // What was written is to arrive before the connection ends.
    await pause(50);
    response.destroy();
  } else response.end();
  return sent;
}

/** The first and the last byte that are asked for. Undefined: the whole is to be sent. */
function rangeOf({ headers }: IncomingMessage, tag: string): { from: number; to?: number } | undefined {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? [];
  const condition = headers['if-range'];
  if (from === undefined || (condition !== undefined && condition !== tag)) return undefined;
  return { from: Number(from), ...(to && { to: Number(to) }) };
}

function spoil(bytes: Buffer, fault: Fault | undefined): Buffer {
  if (fault?.kind === 'longer') return Buffer.concat([bytes, Buffer.from([0])]);
  if (fault?.kind !== 'flip') return bytes;
  const spoiled = Buffer.from(bytes);
  spoiled[spoiled.length >> 1]! ^= 1;
  return spoiled;
}
