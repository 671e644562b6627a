import { EaselError, manifestSchema } from '@easel/plugin-sdk';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Breaker } from '../../core/src/kernel/guard/breaker.js';
import { Bulkhead } from '../../core/src/kernel/guard/bulkhead.js';
import { withCancellation } from '../../core/src/kernel/guard/with-cancellation.js';

const settings = manifestSchema.shape.breaker.parse({ minimumCalls: 3, resetMs: 60 });
const fail = (code: 'ERR_PLUGIN_FAILED' | 'ERR_REQUEST_INVALID' | 'ERR_CONTENT_REFUSED') => async () => {
  throw new EaselError({ code, message: 'as told' });
};
const never = new AbortController().signal;

describe('the bulkhead', () => {
  it('lets in as many as it may, the others in their order', async () => {
    const bulkhead = new Bulkhead({ plugin: 'x', concurrency: 1, queue: 5 });
    const order: number[] = [];
    const leave = await bulkhead.enter(never);
    const waiting = [1, 2, 3].map(async (number) => {
      const leaveAgain = await bulkhead.enter(never);
      order.push(number);
      leaveAgain();
    });
    expect(bulkhead).toMatchObject({ inFlight: 1, queued: 3 });
    leave();
    leave();
    await Promise.all(waiting);
    expect(order).toEqual([1, 2, 3]);
    expect(bulkhead).toMatchObject({ inFlight: 0, queued: 0 });
  });

  it('refuses more than its queue holds, and forgets those that give up', async () => {
    const bulkhead = new Bulkhead({ plugin: 'x', concurrency: 1, queue: 1 });
    const leave = await bulkhead.enter(never);
    const controller = new AbortController();
    const waiting = bulkhead.enter(controller.signal);
    await expect(bulkhead.enter(never)).rejects.toMatchObject({ code: 'ERR_QUEUE_FULL' });
    controller.abort(new Error('gave up'));
    await expect(waiting).rejects.toThrow('gave up');
    expect(bulkhead.queued).toBe(0);
    leave();
    expect(bulkhead.inFlight).toBe(0);
  });

  /** The order in which calls that wait are let in, and who is refused. */
  async function queueUp(queue: number, calls: readonly (readonly [string, string, number?])[]) {
    const bulkhead = new Bulkhead({ plugin: 'x', concurrency: 1, queue });
    const [order, refused]: [string[], string[]] = [[], []];
    const leave = await bulkhead.enter(never);
    const waiting = calls.map(async ([name, caller, priority]) => {
      try {
        const leaveAgain = await bulkhead.enter(never, { caller, priority });
        order.push(name);
        leaveAgain();
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_QUEUE_FULL' });
        refused.push(name);
      }
    });
    leave();
    await Promise.all(waiting);
    expect(bulkhead).toMatchObject({ inFlight: 0, queued: 0 });
    return { order, refused };
  }

  it('lets the more urgent in first, and callers in turns', async () => {
    const { order } = await queueUp(9, [
      ['a1', 'a'],
      ['a2', 'a'],
      ['later', 'a', -1],
      ['b1', 'b'],
      ['urgent', 'a', 5],
    ]);
    expect(order).toEqual(['urgent', 'a1', 'b1', 'a2', 'later']);
  });

  it('makes room for a caller with fewer calls, at the cost of the newest of whoever has most', async () => {
    const { order, refused } = await queueUp(4, [
      ['a1', 'a'],
      ['a2', 'a'],
      ['a3', 'a'],
      ['b1', 'b'],
      ['c1', 'c'],
      ['a4', 'a'],
      ['b2', 'b'],
    ]);
    expect(order).toEqual(['a1', 'b1', 'c1', 'a2']);
    expect(refused.sort()).toEqual(['a3', 'a4', 'b2']);
  });

  it('makes room for the more urgent, and for nobody at the cost of them', async () => {
    const { order, refused } = await queueUp(2, [
      ['urgent', 'a', 1],
      ['idle', 'b', -5],
      ['now', 'a', 0],
      ['late', 'c', -5],
      ['soon', 'c', 0],
    ]);
    expect(order).toEqual(['urgent', 'now']);
    expect(refused.sort()).toEqual(['idle', 'late', 'soon']);
  });
});

describe('the breaker', () => {
  it('opens for failures of the plugin, and says when to come back', async () => {
    const breaker = new Breaker({ plugin: 'x', settings });
    for (let call = 0; call < 3; call++)
      await expect(breaker.run(fail('ERR_PLUGIN_FAILED'))).rejects.toMatchObject({
        code: 'ERR_PLUGIN_FAILED',
      });
    expect(breaker.state).toBe('open');
    let ran = false;
    const refused = breaker.run(async () => {
      ran = true;
    });
    await expect(refused).rejects.toMatchObject({
      code: 'ERR_CIRCUIT_OPEN',
      retryAfterMs: expect.any(Number),
    });
    expect(ran).toBe(false);
    breaker.close();
  });

  it('does not open for mistakes of the caller and refusals of content', async () => {
    const breaker = new Breaker({ plugin: 'x', settings });
    for (let call = 0; call < 10; call++) {
      await breaker.run(fail(call % 2 ? 'ERR_REQUEST_INVALID' : 'ERR_CONTENT_REFUSED')).catch(() => {});
    }
    expect(breaker.state).toBe('closed');
    breaker.close();
  });

  it('closes after a probe that succeeds, and only then', async () => {
    const breaker = new Breaker({ plugin: 'x', settings });
    for (let call = 0; call < 3; call++) await breaker.run(fail('ERR_PLUGIN_FAILED')).catch(() => {});
    await expect.poll(() => breaker.state).toBe('half-open');
    await breaker.run(fail('ERR_REQUEST_INVALID')).catch(() => {});
    expect(breaker.state).toBe('open');
    await expect.poll(() => breaker.state).toBe('half-open');
    await expect(breaker.run(async () => 'well')).resolves.toBe('well');
    expect(breaker.state).toBe('closed');
    breaker.close();
  });
});

describe('the envelope', () => {
  it('answers when the signal aborts, and kills work that goes on', async () => {
    const controller = new AbortController();
    let end = (_: Error) => {};
    const work = new Promise<never>((_, reject) => {
      end = reject;
    });
    const killed: Error[] = [];
    const { answer, ended } = withCancellation(work, controller.signal, (reason) => {
      killed.push(reason);
      end(reason);
    });
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(answer).rejects.toBe(reason);
    expect(killed).toEqual([]);
    await ended;
    expect(killed).toEqual([reason]);
  });

  it('gives work the time that it asks for once it has been aborted, and no more', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const controller = new AbortController();
    let isKilled = false;
    const { answer, grant } = withCancellation(new Promise<never>(() => {}), controller.signal, () => {
      isKilled = true;
    });
    answer.catch(() => {});
    grant(0);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(isKilled).toBe(false);
    controller.abort(new Error('enough'));
    grant(5_000);
    await vi.advanceTimersByTimeAsync(4_999);
    expect(isKilled).toBe(false);
    grant(3_600_000);
    await vi.advanceTimersByTimeAsync(59_999);
    expect(isKilled).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(isKilled).toBe(true);
  });

  it('does not kill work that ends by itself', async () => {
    const controller = new AbortController();
    let isKilled = false;
    const { answer, ended } = withCancellation(Promise.resolve('done'), controller.signal, () => {
      isKilled = true;
    });
    await expect(answer).resolves.toBe('done');
    await ended;
    controller.abort();
    expect(isKilled).toBe(false);
  });
});
