import type { FastifyRequest } from 'fastify';
import { HttpError } from '../errors.js';

/** A part of a form: text, or the bytes of a file. */
export type Part =
  | { readonly name: string; readonly text: string }
  | { readonly name: string; readonly fileName: string; readonly bytes: Uint8Array<ArrayBuffer> };

/**
 * The parts of a multipart form, one after the other.
 *
 * @throws HttpError 400 where the form is broken, 413 where it is larger than a body may be
 */
export async function* readParts(request: FastifyRequest): AsyncGenerator<Part> {
  try {
    yield* partsOf(request);
  } finally {
    // Whoever leaves early leaves a client that is still sending.
    request.raw.unpipe().resume();
  }
}

async function* partsOf(request: FastifyRequest): AsyncGenerator<Part> {
  const parts = request.parts()[Symbol.asyncIterator]();
  const { bodyLimit = 0 } = request.server.initialConfig;
  let left = bodyLimit;
  for (;;) {
    const { value: part, done } = await parts.next().catch(refuse);
    if (done) return;
    const { fieldname: name } = part;
    if (part.type === 'field') {
      // A part with the media type of JSON is parsed on its way here.
      if (part.valueTruncated || typeof part.value !== 'string')
        throw new HttpError(
          400,
          'invalid_request',
          `${name}: ${part.valueTruncated ? 'is too long' : 'must be plain text'}`,
          { param: name },
        );
      yield { name, text: part.value };
    } else {
      const bytes = await receive(part.file, Math.min(left, toCome(request))).catch(refuse);
      if (!bytes || part.file.truncated)
        throw new HttpError(413, 'body_too_large', `The files must have at most ${bodyLimit} bytes in all.`);
      left -= bytes.byteLength;
      yield { name, fileName: part.filename, bytes };
    }
  }
}

/** Bytes that the body has at the most. */
function toCome({ headers }: FastifyRequest): number {
  return Number(headers['content-length'] ?? Number.POSITIVE_INFINITY);
}

/**
 * The bytes of a file; undefined where they are more than `limit`. They are written where they stay, since
 * collecting chunks and joining them takes twice the memory. Of what is allocated, only pages that are
 * written to count.
 */
async function receive(
  file: AsyncIterable<Buffer>,
  limit: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  // Zeros, not what was in this memory before: whoever gets the view gets its buffer.
  const all = new Uint8Array(limit);
  let length = 0;
  for await (const chunk of file) {
    if (length + chunk.byteLength > limit) return undefined;
    all.set(chunk, length);
    length += chunk.byteLength;
  }
  return 2 * length < limit ? all.slice(0, length) : all.subarray(0, length);
}

/** The parser of forms throws errors with a status for its limits, and plain ones for what is not a form. */
function refuse(error: unknown): never {
  const { statusCode, message } = error as Error & { statusCode?: number };
  if (statusCode === 413) throw new HttpError(413, 'body_too_large', `The form is too large: ${message}.`);
  throw new HttpError(400, 'invalid_form', `The form cannot be read: ${message.slice(0, 200)}.`);
}
