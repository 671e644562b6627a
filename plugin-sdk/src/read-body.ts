import { EaselError } from './errors.js';

/** An answer of `fetch`, whichever package's it is. */
export interface AnswerBody {
  readonly headers: Pick<Headers, 'get'>;
  readonly body: (AsyncIterable<unknown> & { cancel(): Promise<void> }) | null;
}

/**
 * The body of an answer, read no further than a limit: a provider, or what stands in its place, may send
 * without end.
 *
 * @param maximumBytes the most that it may have
 * @throws EaselError ERR_PROVIDER_BAD_RESPONSE for a larger one, of which the rest is not read; what the
 * connection fails with
 */
export async function readBody({ headers, body }: AnswerBody, maximumBytes: number): Promise<Buffer> {
  const tooLarge = new EaselError({
    code: 'ERR_PROVIDER_BAD_RESPONSE',
    message: `it is larger than ${maximumBytes} bytes`,
  });
  if (Number(headers.get('content-length') ?? 0) > maximumBytes) {
    await body?.cancel();
    throw tooLarge;
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += (chunk as Uint8Array).byteLength;
    // Leaving the loop cancels the rest.
    if (size > maximumBytes) throw tooLarge;
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks);
}
