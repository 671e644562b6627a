import { expect, test } from 'vitest';
import { CallProgress } from './call-progress.js';
import type { EngineCall } from './engine-call.js';
import type { EngineProgress } from './protocol.js';

test('tells how far the weights are prepared, the end always, and what is between as often as is of use', () => {
  const told: EngineProgress[] = [];
  const call = { seeds: [1], previews: 0 } as Partial<EngineCall> as EngineCall;
  const progress = new CallProgress(call, (each) => told.push(each));
  for (let done = 1; done <= 1000; done += 1) progress.repacking(done / 1000);
  expect(told.length).toBeLessThan(1000);
  expect(told.at(-1)).toEqual({
    stage: 'load',
    fraction: 0,
    message: 'preparing the weights for the first time, 100 %',
  });
});
