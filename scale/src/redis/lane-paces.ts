import type { LanePace, Pace } from '@easel/core/scale';
import { ask, type RedisClient } from './connect.js';
import { durationsKey, prefixOf } from './names.js';
import type { Board } from './worker-board.js';

/** How fast jobs are done: of each lane that the board tells of, and of all. */
export async function readPace(redis: RedisClient, name: string, { workers, lanes }: Board): Promise<Pace> {
  const pipeline = redis.pipeline();
  for (const lane of lanes) {
    const base = `${prefixOf(name)}:${lane}`;
    pipeline.llen(`${base}:active`).llen(`${base}:wait`).zcard(`${base}:prioritized`);
    pipeline.zcard(`${base}:delayed`).lrange(durationsKey(name, lane), 0, -1);
  }
  const answers = await ask(pipeline);
  const placesOf = (lane?: string) =>
    workers
      .filter((worker) => lane === undefined || worker.lanes.includes(lane))
      .reduce((sum, { places }) => sum + places, 0);
  const paces = lanes.map((lane, index): LanePace => {
    const [running, waiting, prioritized, delayed, lastMs] = answers.slice(5 * index, 5 * index + 5);
    return {
      lane,
      queued: Number(waiting) + Number(prioritized) + Number(delayed),
      running: Number(running),
      places: placesOf(lane),
      lastMs: (lastMs as string[]).map(Number),
    };
  });
  return {
    queued: paces.reduce((sum, { queued }) => sum + queued, 0),
    running: paces.reduce((sum, { running }) => sum + running, 0),
    lastMs: paces.flatMap(({ lastMs }) => lastMs),
    places: placesOf(),
    lanes: paces,
  };
}
