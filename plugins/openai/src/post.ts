import { EaselError, isUnsent, linkSignals, parseJson, patientFetch, readBody } from '@easel/plugin-sdk';
import { readEvents } from './answer/read-events.js';
import { brokenOff, refusedBy, unreadable } from './failures.js';
import type { FoundServer } from './find-server.js';

/** Bytes of an answer; ten of the largest images make some 400 MB of base64, and no more is read. */
const mostBytes = 512 * 1024 * 1024;

export interface PostOptions {
  readonly server: FoundServer;
  /** Below the base URL. */
  readonly path: string;
  /** JSON or a form. */
  readonly body: string | FormData;
  /** Milliseconds until the whole answer has to be there. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Told of each event of a stream before the last. Absent: no stream was asked for. */
  readonly onEvent?: (event: Readonly<Record<string, unknown>>) => void;
}

/**
 * One request, sent once. Answers the JSON of the answer; of a stream its last event.
 *
 * @throws EaselError of the codes in failures.ts, or ERR_ABORTED; `mayBePaid` where the server may have made
 * the image
 */
export async function post({
  server,
  path,
  body,
  timeoutMs,
  signal,
  onEvent,
}: PostOptions): Promise<unknown> {
  const { signal: stop, unlink } = linkSignals([signal], timeoutMs);
  const url = new URL(server.baseUrl + path);
  for (const [name, value] of Object.entries(server.query)) url.searchParams.set(name, value);
  try {
    const response = await patientFetch(url, {
      method: 'POST',
      headers: {
        ...server.headers,
        ...(typeof body === 'string' ? { 'content-type': 'application/json' } : {}),
      },
      body,
      signal: stop,
    });
    return await readAnswer(server, response, onEvent);
  } catch (error) {
    if (EaselError.isInstance(error)) throw error;
    if (signal.aborted)
      throw new EaselError({ code: 'ERR_ABORTED', message: 'The call was cancelled.', mayBePaid: true });
    if (stop.aborted)
      throw new EaselError({
        code: 'ERR_DEADLINE',
        message: `${server.name} did not answer within ${timeoutMs} ms. The image may have been paid.`,
        mayBePaid: true,
      });
    throw brokenOff(server.name, error, isUnsent);
  } finally {
    unlink();
  }
}

async function readAnswer(
  { name }: FoundServer,
  response: Response,
  onEvent: PostOptions['onEvent'],
): Promise<unknown> {
  const { status, headers } = response;
  const isStream = headers.get('content-type')?.startsWith('text/event-stream') === true;
  if (status === 200 && isStream && response.body && onEvent)
    return await readEvents(name, response.body, onEvent);
  const bytes = await readBody(response, mostBytes).catch((error: unknown) => {
    throw EaselError.isInstance(error) ? unreadable(name, error.message) : error;
  });
  const answer = parseJson(bytes.toString('utf8'));
  if (status < 200 || status >= 300) throw refusedBy(name, status, answer, headers);
  if (answer === undefined) throw unreadable(name, 'it is not JSON');
  return answer;
}
