import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';

/**
 * Bytes of a picture that are written at once: a multiple of three, so that their base64 needs no padding,
 * and small enough for the young heap.
 */
const sliceBytes = 48 * 1024;

/** Milliseconds after which a reader that takes nothing is given up. */
const stalledMs = 60_000;

/** A piece of a document: text, or a picture that stands there as base64. */
type Piece = string | Uint8Array;

/** Nobody outside knows it: a text of a caller cannot be taken for a picture. */
const token = randomUUID();

/** The text that stands for a picture in a document. */
export const placeholderOf = (index: number): string => `picture-${token}-${index};`;

/**
 * A JSON document with pictures in it, cut where they stand.
 *
 * @param value JSON, in which `pictures[i]` is meant wherever the text `placeholderOf(i)` stands
 */
function cut(value: unknown, pictures: readonly Uint8Array[]): Piece[] {
  const json = JSON.stringify(value);
  const pieces: Piece[] = [];
  let from = 0;
  for (const [index, bytes] of pictures.entries()) {
    const placeholder = placeholderOf(index);
    const at = json.indexOf(placeholder, from);
    pieces.push(json.slice(from, at), bytes);
    from = at + placeholder.length;
  }
  return [...pieces, json.slice(from)];
}

const lengthOf = (piece: Piece): number =>
  typeof piece === 'string' ? Buffer.byteLength(piece) : Math.ceil(piece.byteLength / 3) * 4;

/**
 * Answers a JSON document with pictures in it. Their base64 is written slice by slice, and waits for a slow
 * reader: nothing as large as a picture is made, parsed or escaped on the way, which would cost more in
 * garbage collection than all the rest.
 */
export async function sendJson(
  reply: FastifyReply,
  value: unknown,
  pictures: readonly Uint8Array[],
): Promise<FastifyReply> {
  const pieces = cut(value, pictures);
  const { raw } = reply.hijack();
  raw.writeHead(reply.statusCode, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-type': 'application/json; charset=utf-8',
    'content-length': pieces.reduce((sum, piece) => sum + lengthOf(piece), 0),
  });
  await writePieces(raw, pieces);
  raw.end();
  return reply;
}

/** Writes a JSON document with pictures in it to a stream that goes on afterwards. */
export async function writeJson(
  raw: ServerResponse,
  value: unknown,
  pictures: readonly Uint8Array[],
): Promise<void> {
  await writePieces(raw, cut(value, pictures));
}

async function writePieces(raw: ServerResponse, pieces: readonly Piece[]): Promise<void> {
  for (const piece of pieces) {
    if (typeof piece === 'string') await write(raw, piece, 'utf8');
    else {
      const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
      for (let from = 0; from < bytes.byteLength; from += sliceBytes)
        await write(raw, bytes.toString('base64', from, from + sliceBytes), 'latin1');
    }
  }
}

/** Waits where the reader is slower; whoever has gone away is written nothing. */
async function write(raw: ServerResponse, text: string, encoding: 'utf8' | 'latin1'): Promise<void> {
  if (raw.destroyed || raw.write(text, encoding)) return;
  const gone = new AbortController();
  const onClose = () => gone.abort();
  // What it keeps from being freed may be large.
  const stalled = setTimeout(() => raw.destroy(), stalledMs);
  raw.once('close', onClose);
  await once(raw, 'drain', { signal: gone.signal }).catch(() => {});
  clearTimeout(stalled);
  raw.off('close', onClose);
}
