import { randomUUID } from 'node:crypto';

/** What a key has asked for in the minute that runs. */
export interface MinuteCount {
  readonly requests: number;
  /** Milliseconds until the next minute begins. */
  readonly leftMs: number;
}

/** How often keys ask, and how many of their calls run. Rejects with ERR_STORAGE where it cannot say. */
export interface RequestCounts {
  /** Counts a request of a key; the minute begins with the first. */
  count(key: string): Promise<MinuteCount>;
  /** Takes one of so many places of a key; answers what gives it back. Undefined: all are taken. */
  enter(key: string, places: number): Promise<(() => void) | undefined>;
}

export const minuteMs = 60_000;

/** The counts of one server, in its memory. */
export class OwnRequestCounts implements RequestCounts {
  readonly #minutes = new Map<string, { requests: number; readonly endsAt: number }>();
  readonly #places = new Map<string, Set<string>>();

  async count(key: string): Promise<MinuteCount> {
    const now = performance.now();
    let minute = this.#minutes.get(key);
    if (!minute || minute.endsAt <= now) minute = { requests: 0, endsAt: now + minuteMs };
    minute.requests += 1;
    this.#minutes.set(key, minute);
    return { requests: minute.requests, leftMs: Math.min(minuteMs, Math.ceil(minute.endsAt - now)) };
  }

  async enter(key: string, places: number): Promise<(() => void) | undefined> {
    const taken = this.#places.get(key) ?? new Set();
    if (taken.size >= places) return undefined;
    const place = randomUUID();
    this.#places.set(key, taken.add(place));
    return () => {
      taken.delete(place);
      if (taken.size === 0 && this.#places.get(key) === taken) this.#places.delete(key);
    };
  }
}
