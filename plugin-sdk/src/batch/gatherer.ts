import type { Line } from './line.js';
import { gathering } from './progress.js';
import { frameBytes } from './write-batch.js';

interface Group {
  readonly lines: Line[];
  readonly timer: NodeJS.Timeout;
  bytes: number;
}

export interface GathererOptions {
  /** Milliseconds that the first line of a batch waits for others. */
  readonly gatherMs: number;
  /** Lines with which a batch is full. */
  readonly fullAt: number;
  /** Bytes of a batch, at most. */
  readonly mostBytes: number;
  readonly send: (lines: readonly Line[]) => void;
}

/** Puts lines that come about the same time, and go to the same place, into one batch. */
export class Gatherer {
  readonly #options: GathererOptions;
  readonly #groups = new Map<string, Group>();

  constructor(options: GathererOptions) {
    this.#options = options;
  }

  add(line: Line): void {
    if (!line.ask) throw new Error('a line has no body');
    const { target, body } = line.ask;
    const key = JSON.stringify(target);
    const bytes = Buffer.byteLength(body) + frameBytes;
    if ((this.#groups.get(key)?.bytes ?? 0) + bytes > this.#options.mostBytes) this.#flush(key);
    const group = this.#groups.get(key) ?? this.#open(key);
    group.lines.push(line);
    group.bytes += bytes;
    line.report(gathering(group.lines.length - 1, this.#options.gatherMs));
    if (group.lines.length >= this.#options.fullAt) this.#flush(key);
  }

  /** Drops what has not been sent; answers it. */
  close(): readonly Line[] {
    const groups = [...this.#groups.values()];
    this.#groups.clear();
    for (const { timer } of groups) clearTimeout(timer);
    return groups.flatMap(({ lines }) => lines);
  }

  #open(key: string): Group {
    const timer = setTimeout(() => this.#flush(key), this.#options.gatherMs);
    const group = { lines: [], timer, bytes: 0 };
    this.#groups.set(key, group);
    return group;
  }

  #flush(key: string): void {
    const group = this.#groups.get(key);
    if (!group) return;
    clearTimeout(group.timer);
    this.#groups.delete(key);
    // Whoever has gone meanwhile is not paid for.
    const waited = group.lines.filter((line) => line.isWaitedFor);
    if (waited.length > 0) this.#options.send(waited);
  }
}
