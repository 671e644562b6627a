import { setTimeout as pause } from 'node:timers/promises';
import type { ServerProcess } from './server-process.js';

/** What a caller asks for over HTTP. */
export interface ServerCall {
  readonly prompt: string;
  readonly n: number;
  readonly seed?: number | undefined;
  readonly size?: string | undefined;
  readonly providerOptions?: object | undefined;
}

/** The images that a caller got in the end, and what it was told besides. */
export interface ServerOutcome {
  readonly images: readonly Uint8Array[];
  /** Its warnings, or why there are no images. */
  readonly told: string;
}

interface Warned {
  readonly warnings?: readonly { readonly message: string }[];
}
const warningsOf = ({ warnings = [] }: Warned = {}): string =>
  warnings.map(({ message }) => message).join(' ');

const pollMs = 100;

const bodyOf = ({ prompt, n, seed, size, providerOptions }: ServerCall) => ({
  ...{ prompt, n, seed, size },
  provider_options: providerOptions,
  timeout_ms: 120_000,
});

const post = (url: string, key: string, body: object, signal: AbortSignal) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify(body),
    signal,
  });

/**
 * Asks again after whatever went wrong with the connection: the server may be starting. Rejects when the
 * signal is aborted.
 */
async function stubbornly<T>(signal: AbortSignal, attempt: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    signal.throwIfAborted();
    const result = await attempt().catch(() => undefined);
    if (result !== undefined) return result;
    await pause(pollMs);
  }
}

/** Makes a job, and looks at it until it has ended, over as many servers as it takes. */
export async function callByJob(
  server: ServerProcess,
  call: ServerCall,
  key: string,
  signal: AbortSignal,
): Promise<ServerOutcome> {
  const id = await stubbornly(signal, async () => {
    const response = await post(`${await server.url}/api/images/jobs`, key, bodyOf(call), signal);
    if (response.status !== 202 && response.status !== 200) return undefined;
    return ((await response.json()) as { id: string }).id;
  });
  const job = await stubbornly(signal, async () => {
    const response = await fetch(`${await server.url}/api/images/jobs/${id}`, { signal });
    const found = (await response.json()) as {
      state: string;
      error?: { code: string; message: string };
      result?: Warned & { images: { name: string }[] };
    };
    return ['succeeded', 'failed', 'cancelled'].includes(found.state) ? found : undefined;
  });
  if (!job.result) return { images: [], told: `${job.state}: ${job.error?.code}: ${job.error?.message}` };
  const images: Uint8Array[] = [];
  for (const { name } of job.result.images)
    images.push(
      await stubbornly(signal, async () => {
        const response = await fetch(`${await server.url}/api/images/results/${name}`, { signal });
        return response.ok ? new Uint8Array(await response.arrayBuffer()) : undefined;
      }),
    );
  return { images, told: warningsOf(job.result) };
}

interface StreamEvent {
  readonly type?: string;
  readonly b64_json?: string;
  readonly easel?: Warned;
  readonly error?: { readonly code: string; readonly message: string };
}
const passing = /ERR_(KERNEL_CLOSED|ABORTED|PLUGIN_)|server_closing/;

/**
 * Makes one call by OpenAI's API as a stream of events, again under its key until one stream comes to its
 * end.
 */
export async function callByStream(
  server: ServerProcess,
  call: ServerCall,
  key: string,
  signal: AbortSignal,
): Promise<ServerOutcome> {
  return await stubbornly(signal, async () => {
    const body = { ...bodyOf(call), stream: true };
    const response = await post(`${await server.url}/v1/images/generations`, key, body, signal);
    const text = await response.text();
    const events = [...text.matchAll(/^data: (\{.*\})$/gm)].map(
      ([, json = '']) => JSON.parse(json) as StreamEvent,
    );
    const completed = events.filter(({ type }) => type?.endsWith('.completed'));
    const images = completed.map(({ b64_json = '' }) => new Uint8Array(Buffer.from(b64_json, 'base64')));
    if (images.length > 0) return { images, told: completed.map(({ easel }) => warningsOf(easel)).join(' ') };
    const error = events.find((event) => event.error)?.error;
    if (!error) return undefined;
    // What may have been paid is the end of its job: the same key gets it again.
    const isPassing = passing.test(error.code) && !error.message.includes('may have been paid');
    return isPassing ? undefined : { images: [], told: `${error.code}: ${error.message}` };
  });
}
