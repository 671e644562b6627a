import { exchange } from './exchange.js';

export interface PatientRequest {
  /** Absent: GET. */
  readonly method?: string | undefined;
  readonly headers?: RequestInit['headers'];
  /** Absent: none. */
  readonly body?: RequestInit['body'];
  /** Ends it, also while the body of the answer is read. Absent: nothing does. */
  readonly signal?: RequestInit['signal'];
}

/**
 * Like `fetch`, for services that take their time: it waits for an answer as long as the signal lets it, and
 * follows no redirection, which would carry a key to another host.
 *
 * @throws Error with a `code` where there is no answer; `isUnsent` tells whether anything was sent
 */
export async function patientFetch(
  url: string | URL,
  { method = 'GET', headers, body, signal }: PatientRequest = {},
): Promise<Response> {
  const { content, type } = await contentOf(body);
  const sent = new Headers({ 'accept-encoding': 'identity', ...type });
  for (const [name, value] of new Headers(headers)) sent.set(name, value);
  if (content !== undefined) sent.set('content-length', String(content.byteLength));
  const options = {
    method,
    headers: Object.fromEntries(sent),
    // A connection that was used before may have ended at the other side: then nobody can tell whether a
    // request was taken. A question is asked again.
    ...(method === 'GET' ? {} : { agent: false }),
    ...(signal ? { signal } : {}),
  };
  return await exchange(new URL(url), options, content);
}

/** As bytes: a form of images that its service takes fits into memory. */
async function contentOf(body: PatientRequest['body']) {
  if (body === undefined || body === null) return { content: undefined, type: {} };
  const written = new Response(body);
  const type = written.headers.get('content-type');
  const content = new Uint8Array(await written.arrayBuffer());
  return { content, type: type === null ? {} : { 'content-type': type } };
}
