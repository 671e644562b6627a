import { setTimeout as delay } from 'node:timers/promises';
import type { JobAnswer } from '../fixtures/jobs.js';

/** What a caller asks for, under a key of its own. */
export interface Wish {
  readonly key: string;
  readonly model: 'steady-one' | 'runware-sdxl';
}

/** What became of it at the caller's. */
export interface Outcome extends Wish {
  /** Ids that gateways answered for the key. */
  readonly ids: ReadonlySet<string>;
  readonly answer: JobAnswer;
  /** Milliseconds from the first try to the end. */
  readonly tookMs: number;
}

const pollMs = 200;
const endedStates = ['succeeded', 'failed', 'cancelled'];

/**
 * A caller as it should be: asks any gateway, again under the same key until one accepts, and reads at any
 * gateway until the job has ended. Rejects after `withinMs`.
 *
 * @param gateway answers the address of one
 * @param asksTwice whether it asks again for what was accepted
 */
export async function callUntilEnded(
  wish: Wish,
  gateway: () => string,
  { asksTwice, withinMs }: { readonly asksTwice: boolean; readonly withinMs: number },
): Promise<Outcome> {
  const begunAt = performance.now();
  const ids = new Set<string>();
  let said = 'nothing';
  while (performance.now() - begunAt < withinMs) {
    const id = [...ids][0];
    const isAsked = id === undefined || (asksTwice && ids.size === 1 && said === 'accepted');
    try {
      const answer = isAsked ? await submit(gateway(), wish) : await read(`${gateway()}${path}/${id}`);
      said = ids.size === 0 ? 'accepted' : answer.state;
      ids.add(answer.id);
      if (endedStates.includes(answer.state) && !isAsked)
        return { ...wish, ids, answer, tookMs: performance.now() - begunAt };
    } catch (error) {
      said = (error as Error).message;
    }
    await delay(pollMs);
  }
  throw new Error(`${wish.key} of ${wish.model} has not ended: ${said}`);
}

const path = '/api/images/jobs';

async function submit(url: string, { key, model }: Wish): Promise<JobAnswer> {
  const options = model === 'steady-one' ? { provider_options: { steady: { delayMs: 800 } } } : {};
  return await read(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify({ prompt: key, model, size: '128x128', ...options }),
  });
}

async function read(url: string, asked: RequestInit = {}): Promise<JobAnswer> {
  const response = await fetch(url, { ...asked, signal: AbortSignal.timeout(10_000) });
  const text = await response.text();
  if (!response.ok) throw new Error(text.slice(0, 300));
  return JSON.parse(text) as JobAnswer;
}
