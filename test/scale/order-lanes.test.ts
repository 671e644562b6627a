import { expect, it } from 'vitest';
import { laneOfName, lanesOf } from '../../scale/src/lanes/lane.js';
import { type LaneHead, orderLanes } from '../../scale/src/lanes/order-lanes.js';

const now = 1_000_000;
const patienceMs = 30_000;
/** @param waitedMs since it was accepted */
const head = (lane: string, waitedMs: number, more: Partial<LaneHead> = {}): LaneHead => ({
  ...{ lane, level: 100, outstanding: 0, waitsSince: now - waitedMs, isLoaded: false },
  ...more,
});
const order = (own: readonly string[], hasHadForMs: number, heads: readonly LaneHead[]) =>
  orderLanes(heads, { own: new Set(own), ownSince: now - hasHadForMs, now, patienceMs });

it('stays with the model that it has until a job of another one has waited long enough', () => {
  const heads = [head('model/a', 100), head('model/b', 29_000), head('provider/c', 50)];
  expect(order(['model/a'], 60_000, heads).order).toEqual(['model/a', 'provider/c', 'model/b']);
  const late = [head('model/a', 100), head('model/b', 31_000)];
  expect(order(['model/a'], 60_000, late).order).toEqual(['model/b', 'model/a']);
  // It has only just loaded it: two models that both have waited too long do not take turns with each job.
  expect(order(['model/a'], 5_000, late).order).toEqual(['model/a', 'model/b']);
  // It has none yet, and loads one anyway.
  expect(order([], 0, heads).order).toEqual(['model/b', 'model/a', 'provider/c']);
});

it('has the highest priority go first, then the caller with the fewest, in whichever lane', () => {
  const heads = [
    head('model/a', 10_000, { outstanding: 3 }),
    head('provider/c', 9_000, { outstanding: 1 }),
    head('model/b', 10, { level: 50 }),
  ];
  expect(order(['model/a'], 60_000, heads).order).toEqual(['model/b', 'provider/c', 'model/a']);
});

it('leaves a job for a moment to a worker that has its model', () => {
  const fresh = [head('model/b', 100, { isLoaded: true })];
  expect(order(['model/a'], 0, fresh)).toEqual({ order: [], left: ['model/b'] });
  expect(order([], 0, fresh)).toEqual({ order: [], left: ['model/b'] });
  expect(order(['model/b'], 0, fresh)).toEqual({ order: ['model/b'], left: [] });
  expect(order([], 0, [head('model/b', 3_000, { isLoaded: true })]).order).toEqual(['model/b']);
});

it('has a lane for each provider and for each model whose files are with the workers', () => {
  const models = [
    { id: 'one', pipelineType: 'sd', isHosted: false, available: true, current: false, aliases: ['uno'] },
    { id: 'two', pipelineType: 'sd', isHosted: false, available: false, current: true },
    { id: 'three', pipelineType: 'cloud', isHosted: true, available: true, current: false },
    { id: 'four', pipelineType: 'cloud', isHosted: true, available: true, current: false },
  ];
  expect(lanesOf(models)).toEqual(['jobs', 'model/one', 'provider/cloud']);
  expect(laneOfName(models, 'uno')).toBe('model/one');
  expect(laneOfName(models, undefined)).toBe('model/two');
  expect(laneOfName(models, 'nobody has it')).toBe('jobs');
});
