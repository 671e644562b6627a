import { describe, expect, it } from 'vitest';
import { Semaphore } from './semaphore.js';

/** Work that ends when it is told to. */
function held() {
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { work: () => ended, end };
}

describe('Semaphore', () => {
  it('lets so many in, and the others in their order', async () => {
    const semaphore = new Semaphore(2);
    const { signal } = new AbortController();
    const begun: number[] = [];
    const works = Array.from({ length: 5 }, held);
    const calls = works.map(({ work }, index) =>
      semaphore.take(signal, async () => {
        begun.push(index);
        await work();
        if (index === 1) throw new Error('it failed');
      }),
    );
    const outcomes = Promise.allSettled(calls);
    await Promise.resolve();
    expect(begun).toEqual([0, 1]);
    works[1]?.end();
    await expect(calls[1]).rejects.toThrow('it failed');
    expect(begun).toEqual([0, 1, 2]);
    for (const { end } of works) end();
    await outcomes;
    expect(begun).toEqual([0, 1, 2, 3, 4]);
  });

  it('forgets whoever waits no more', async () => {
    const semaphore = new Semaphore(1);
    const first = held();
    const { signal } = new AbortController();
    const holding = semaphore.take(signal, first.work);
    const controller = new AbortController();
    const given = semaphore.take(controller.signal, async () => 'never');
    const last = semaphore.take(signal, async () => 'last');
    controller.abort(new Error('gone'));
    await expect(given).rejects.toThrow('gone');
    first.end();
    await holding;
    expect(await last).toBe('last');
    expect(await semaphore.take(signal, async () => 'again')).toBe('again');
    await expect(new Semaphore(0).take(controller.signal, async () => 'no')).rejects.toThrow('gone');
  });
});
