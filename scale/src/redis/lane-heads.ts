import { z } from 'zod';
import type { LaneHead } from '../lanes/order-lanes.js';
import type { RedisClient } from './connect.js';
import { loadedKey, prefixOf, readPlace } from './names.js';
import { millisecondsOf } from './redis-clock.js';

/** Jobs in the milliseconds of a limit at which no lane is limited that has none. */
export const unlimited = 1_000_000_000;
export const limitMs = 60_000;
/** Milliseconds until a lane is looked at again of which no more may be at work at once. */
const fullMs = 1_000;

/**
 * The time of Redis, and for each lane: the id of its first job or an empty text, when it was put in and its
 * priority of BullMQ, the next of those that wait for a time and when it is due (0: none), milliseconds for
 * which none of its jobs may begin, and until when a worker has its model. KEYS: the lanes whose model
 * workers have, then the lanes. ARGV: jobs a minute where nothing is limited, milliseconds until a full lane
 * is looked at again, the lanes.
 */
const headsScript = `
local answers = {redis.call('TIME')}
for at = 2, #KEYS do
  local base = KEYS[at]
  local id = redis.call('LINDEX', base .. ':wait', -1)
    or redis.call('ZRANGE', base .. ':prioritized', 0, 0)[1]
  local job = id and redis.call('HMGET', base .. ':' .. id, 'timestamp', 'priority') or {}
  local due = redis.call('ZRANGE', base .. ':delayed', 0, 0, 'WITHSCORES')
  local limit = redis.call('HMGET', base .. ':meta', 'max', 'concurrency')
  local begun = tonumber(redis.call('GET', base .. ':limiter') or 0)
  local limited = 0
  if begun >= tonumber(limit[1] or ARGV[1]) then limited = redis.call('PTTL', base .. ':limiter') end
  if limit[2] and redis.call('LLEN', base .. ':active') >= tonumber(limit[2]) then limited = tonumber(ARGV[2]) end
  answers[at] = {
    id or '', job[1] or '0', job[2] or '0', due[1] or '', due[2] or '0', limited,
    redis.call('ZSCORE', KEYS[1], ARGV[at + 1]) or '0',
  }
end
return answers`;

const number = z.coerce.number();
const answerSchema = z.tuple(
  [z.tuple([number, number])],
  z.tuple([z.string(), number, number, z.string(), number, number, number]),
);
/** BullMQ has the time at which a job is due in the upper bits of its place. */
const duePart = 0x1000;

/** What waits in lanes. */
export interface Heads {
  /** The time of Redis, in milliseconds since 1970. */
  readonly now: number;
  readonly heads: readonly LaneHead[];
  /** The jobs that have waited for a time that has come, one at most of each lane. */
  readonly due: ReadonlyMap<string, string>;
  /** Milliseconds until something may begin that may not now. Infinite: there is nothing. */
  readonly nextMs: number;
}

/** Reads the first job of each lane that may begin now. */
export async function readHeads(redis: RedisClient, name: string, lanes: readonly string[]): Promise<Heads> {
  const keys = [loadedKey(name), ...lanes.map((lane) => `${prefixOf(name)}:${lane}`)];
  const [time, ...answers] = answerSchema.parse(
    await redis.eval(headsScript, keys.length, ...keys, unlimited, fullMs, ...lanes),
  );
  const now = millisecondsOf(time);
  const heads: LaneHead[] = [];
  const due = new Map<string, string>();
  let nextMs = Number.POSITIVE_INFINITY;
  for (const [index, answer] of answers.entries()) {
    const [id, timestamp, priority, dueId, dueScore, limitedMs, loadedUntil] = answer;
    const lane = lanes[index] ?? '';
    const dueAt = Math.floor(dueScore / duePart);
    const isDue = dueId !== '' && dueAt <= now;
    if (limitedMs > 0 && (id !== '' || dueId !== '')) nextMs = Math.min(nextMs, limitedMs);
    else if (id !== '' || isDue) {
      const waitsSince = id === '' ? dueAt : timestamp;
      heads.push({ lane, ...readPlace(priority), waitsSince, isLoaded: loadedUntil > now });
      if (isDue) due.set(lane, dueId);
    }
    if (dueId !== '' && !isDue) nextMs = Math.min(nextMs, dueAt - now);
  }
  return { now, heads, due, nextMs };
}
