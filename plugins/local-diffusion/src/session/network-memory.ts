import type { Precision } from '../graph/passes/precision.js';
import { onProcessor } from './execution-choice.js';
import type { ExecutionProvider } from './execution-providers.js';
import type { NetworkOptions } from './network-options.js';
import type { RunClock } from './run-clock.js';

/** What is opened for a place. */
export interface Releasable {
  release(): Promise<void>;
}

/** What may hold a part of the memory, while it is open. */
export interface Place<Opened extends Releasable> {
  /** Bytes that its weights take in memory, in the type that they are computed with. */
  readonly weightBytes: number;
  /**
   * Bytes that the largest of its runs took beside them: ONNX Runtime keeps them for the next. Set by the
   * memory.
   */
  workBytes?: number;
  open(options: NetworkOptions): Promise<Opened>;
  /** Absent: it is not open. Set by the memory. */
  opened?: Opened | undefined;
  /** What opening it took. Set by the memory. */
  openingMs?: number;
}

export interface NetworkMemoryOptions {
  /** Bytes that all open networks may hold. Absent: without bound. */
  readonly maximumBytes?: number | undefined;
  /** Bytes that one network may hold; with more it runs in stages. Absent: without bound. */
  readonly networkBytes?: number | undefined;
  /** Bytes of weights that a stage may have all the same. Absent: none, one node a stage at the end. */
  readonly smallestStageBytes?: number | undefined;
  /** Is told what cannot be stopped. Absent: nobody is. */
  readonly clock?: RunClock | undefined;
  /** Called before a network is opened. Absent: nobody is told. */
  readonly onOpening?: (() => void) | undefined;
}

/** What is known of a run before it begins. */
export interface ExpectedRun {
  /** What it took the last time. Absent: this is the first. */
  readonly expectedMs?: number | undefined;
  /** Bytes that it takes beside the weights, as far as they are known. Absent: they are not. */
  readonly workBytes?: number;
}

/**
 * The networks that are open, under a budget in bytes of what they hold: before one is opened or runs, those
 * that ran longest ago are closed until there is room. One that holds more than the whole budget is open
 * alone.
 *
 * Its networks run one after the other.
 */
export class NetworkMemory {
  readonly #options: NetworkOptions;
  /** The budget, in bytes. */
  readonly maximumBytes: number;
  /** Bytes that one network may hold. */
  readonly networkBytes: number;
  /** Bytes of weights that a stage may have at least. */
  readonly smallestStageBytes: number;
  readonly #clock: RunClock | undefined;
  /** The one that ran last is the last. */
  readonly #open = new Set<Place<Releasable>>();
  #openingMs = 0;
  #gainsByInt8: Promise<boolean> | undefined;
  readonly #onOpening: (() => void) | undefined;

  constructor(
    options: NetworkOptions,
    {
      maximumBytes = Number.POSITIVE_INFINITY,
      networkBytes = Number.POSITIVE_INFINITY,
      smallestStageBytes = 0,
      clock,
      onOpening,
    }: NetworkMemoryOptions = {},
  ) {
    this.#options = options;
    this.maximumBytes = maximumBytes;
    this.networkBytes = networkBytes;
    this.smallestStageBytes = smallestStageBytes;
    this.#clock = clock;
    this.#onOpening = onOpening;
  }

  /** What networks are computed in, unless one of them cannot be. */
  get precision(): Precision {
    return (this.#options.execution ?? onProcessor).precision;
  }

  /** What networks are computed on, unless one of them cannot be. */
  get provider(): ExecutionProvider {
    return (this.#options.execution ?? onProcessor).provider;
  }

  /** Whether int8 is worth it where networks are computed. The first to ask waits for a measurement. */
  gainsByInt8(): Promise<boolean> {
    this.#gainsByInt8 ??= this.#options.gainsByInt8?.() ?? Promise.resolve(false);
    return this.#gainsByInt8;
  }

  /** Whether matrices in blocks are held as codes that are computed with. */
  get repacks(): boolean {
    return this.#options.repacked !== undefined && this.holdsStored;
  }

  /** Whether matrices are held as they are stored, and converted at each run. */
  get holdsStored(): boolean {
    const { provider, precision } = this.#options.execution ?? onProcessor;
    return provider === 'cpu' && precision === 'float32';
  }

  /** Bytes that the open networks hold. */
  get bytes(): number {
    return [...this.#open].reduce((sum, { weightBytes, workBytes = 0 }) => sum + weightBytes + workBytes, 0);
  }

  /** Milliseconds spent in opening so far. */
  get openingMs(): number {
    return this.#openingMs;
  }

  /** Does something with the network of a place, which is opened if it is not. */
  async use<Opened extends Releasable, T>(
    place: Place<Opened>,
    { expectedMs, workBytes = 0 }: ExpectedRun,
    run: (network: Opened) => Promise<T>,
  ): Promise<T> {
    const more = Math.max(0, workBytes - (place.workBytes ?? 0));
    if (place.opened) await this.#makeRoom(more, place);
    const network = place.opened ?? (await this.#openNow(place, more));
    place.workBytes = (place.workBytes ?? 0) + more;
    this.#open.delete(place);
    this.#open.add(place);
    this.#clock?.beginRun(expectedMs);
    try {
      return await run(network);
    } finally {
      this.#clock?.end();
    }
  }

  async close(place: Place<Releasable>): Promise<void> {
    this.#open.delete(place);
    const { opened } = place;
    place.opened = undefined;
    place.workBytes = 0;
    await opened?.release();
    this.#tellCost();
  }

  /** Closes those that ran longest ago until so many bytes are free, or all others are closed. */
  async #makeRoom(bytes: number, kept: Place<Releasable>): Promise<void> {
    for (const oldest of [...this.#open]) {
      if (this.bytes + bytes <= this.maximumBytes) return;
      if (oldest !== kept) await this.close(oldest);
    }
  }

  async #openNow<Opened extends Releasable>(place: Place<Opened>, workBytes: number): Promise<Opened> {
    this.#onOpening?.();
    const from = performance.now();
    await this.#makeRoom(place.weightBytes + workBytes, place);
    this.#clock?.beginOpening();
    try {
      place.opened = await place.open(this.#options);
    } finally {
      this.#clock?.end();
    }
    place.openingMs = performance.now() - from;
    this.#openingMs += place.openingMs;
    this.#open.add(place);
    this.#tellCost();
    return place.opened;
  }

  #tellCost(): void {
    if (!this.#clock) return;
    this.#clock.openingMs = [...this.#open].reduce((sum, { openingMs = 0 }) => sum + openingMs, 0);
  }
}
