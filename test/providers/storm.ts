import type { Answer, Fault } from '@easel/plugin-sdk/emulator';

/** How a provider says that it cannot, or not so soon. */
export interface Sayings {
  readonly unavailable: (status: 502 | 503) => Answer;
  readonly limited: () => Answer;
}

/** What goes wrong with a request, if anything: about two of five are troubled. */
export function drawFault(random: () => number, { unavailable, limited }: Sayings): Fault | undefined {
  /** Shares of the requests that something goes wrong with. */
  const faults: readonly (readonly [number, Fault])[] = [
    [0.06, { answer: unavailable(503) }],
    [0.04, { answer: limited() }],
    [0.04, { breakOff: 'before' }],
    [0.06, { breakOff: 'after' }],
    [0.05, { answerAfter: unavailable(502) }],
    [0.03, { cutAtByte: 200 }],
    [0.1, { delayMs: 60 }],
  ];
  let left = random();
  return faults.find(([share]) => {
    left -= share;
    return left < 0;
  })?.[1];
}
