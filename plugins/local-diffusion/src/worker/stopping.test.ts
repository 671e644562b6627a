import { describe, expect, it } from 'vitest';
import { createRunMemory, RunClock } from '../session/run-clock.js';
import { millisecondsToStop } from './stopping.js';

/** Two views of one memory, as the worker and the main thread have them. */
function clocks() {
  const memory = createRunMemory();
  return { worker: new RunClock(memory), main: new RunClock(memory) };
}

describe('millisecondsToStop', () => {
  it('ends the process where the rest of a run takes longer than beginning anew, and waits where it does not', () => {
    const { worker, main } = clocks();
    worker.openingMs = 4_000;
    worker.beginRun(60_000);
    expect(millisecondsToStop(main, 500)).toBe(0);
    worker.openingMs = 90_000;
    expect(millisecondsToStop(main, 500)).toBe(60_000);
    worker.beginRun(2_000);
    worker.openingMs = 4_000;
    const milliseconds = millisecondsToStop(main, 500)!;
    expect(milliseconds).toBeGreaterThan(2_000);
    expect(milliseconds).toBeLessThanOrEqual(4_000);
  });

  it('waits a moment for a run that takes longer than the last time', () => {
    const { worker, main } = clocks();
    worker.beginRun(0);
    expect(millisecondsToStop(main, 0)).toBeGreaterThan(0);
  });

  it('knows nothing between two runs, and of the first run of a network', () => {
    const { worker, main } = clocks();
    expect(millisecondsToStop(main, 500)).toBeUndefined();
    worker.beginRun(undefined);
    expect(main.doing).toBe('running');
    expect(millisecondsToStop(main, 500)).toBeUndefined();
    worker.end();
    expect(main.doing).toBe('nothing');
  });

  it('lets opening go on', () => {
    const { worker, main } = clocks();
    worker.beginOpening();
    expect(main.doing).toBe('opening');
    expect(millisecondsToStop(main, 500)).toBe(60_000);
  });
});
