/** Calls that are remembered for the percentiles. */
const remembered = 100;
/** Weight of the newest call in the moving average: it forgets about half in three calls. */
const newestShare = 0.2;

export interface Latency {
  /** Calls that it was measured over, at most 100. */
  readonly calls: number;
  readonly medianMs: number;
  readonly p95Ms: number;
}

/** How long calls take: a moving average to choose by, percentiles of the last hundred to look at. */
export class LatencyRecord {
  readonly #durationsMs: number[] = [];
  #next = 0;
  #averageMs: number | undefined;

  record(durationMs: number): void {
    this.#averageMs =
      this.#averageMs === undefined
        ? durationMs
        : newestShare * durationMs + (1 - newestShare) * this.#averageMs;
    this.#durationsMs[this.#next] = durationMs;
    this.#next = (this.#next + 1) % remembered;
  }

  /** Exponentially weighted moving average. Undefined: nothing has been measured. */
  get averageMs(): number | undefined {
    return this.#averageMs;
  }

  /** Undefined: nothing has been measured. */
  get latency(): Latency | undefined {
    const sorted = [...this.#durationsMs].sort((one, other) => one - other);
    if (sorted.length === 0) return undefined;
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
    return { calls: sorted.length, medianMs: at(0.5), p95Ms: at(0.95) };
  }
}
