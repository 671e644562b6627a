import { Agent, request } from 'node:http';
import { answerMs } from './under-attack.js';

export interface Shot {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer | undefined;
}

export interface Answer {
  /** 0: the connection was ended instead. */
  readonly status: number;
  /** Its first characters. */
  readonly text: string;
  readonly milliseconds: number;
}

/** Nobody uses a connection again that a refusal may have ended. */
const agent = new Agent({ keepAlive: false });
const textLength = 500;

/** Sends it and answers the first of what comes back: streams have no end of their own. */
export const send = (url: string, { method, path, headers = {}, body }: Shot): Promise<Answer> =>
  new Promise((resolve) => {
    const from = performance.now();
    const settle = (status: number, text: string) =>
      resolve({ status, text: text.slice(0, textLength), milliseconds: performance.now() - from });
    // Node's client leaves both out of a DELETE with a body, which is not a request then.
    const hasLength = body === undefined || 'transfer-encoding' in headers;
    const length = hasLength ? {} : { 'content-length': Buffer.byteLength(body) };
    const options = { method, headers: { ...headers, ...length }, agent };
    const sent = request(`${url}${path}`, options, (response) => {
      const { statusCode = 0, headers: answered } = response;
      let text = '';
      response.on('data', (chunk: Buffer) => {
        if (text.length < textLength) text += chunk.toString('latin1');
      });
      response.on('close', () => settle(statusCode, text));
      if (answered['content-type']?.startsWith('text/event-stream')) response.destroy();
    });
    sent.setTimeout(2 * answerMs, () => sent.destroy());
    sent.on('error', (error) => settle(0, error.message));
    sent.end(body);
  });

/** Does so much of something at once until all of it is done. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const one = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index] as Item);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  return results;
}

/** How often each status came. */
export function tally(answers: readonly Answer[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** Milliseconds of the slowest answer. */
export const slowest = (answers: readonly Answer[]): number =>
  Math.round(Math.max(...answers.map(({ milliseconds }) => milliseconds)));
