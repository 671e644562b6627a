/** Whose an entry is, and how urgent. */
export interface Claim {
  readonly owner: string;
  readonly priority: number;
}

/** In the order of their turns; an owner is there while it has entries. */
type Level<Entry> = Map<string, Set<Entry>>;

/**
 * A queue in which the more urgent go first, and the owners of equally urgent entries take turns, so that
 * nobody's many keep somebody else's one waiting (round robin).
 */
export class TurnQueue<Entry extends NonNullable<unknown>> {
  /** By priority; a level is there while it has owners. */
  readonly #levels = new Map<number, Level<Entry>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(entry: Entry, { owner, priority }: Claim): void {
    const level = this.#levels.get(priority) ?? new Map();
    this.#levels.set(priority, level);
    const entries = level.get(owner) ?? new Set();
    level.set(owner, entries);
    entries.add(entry);
    this.#size++;
  }

  /** Takes an entry out, wherever it stands. */
  delete(entry: Entry, { owner, priority }: Claim): void {
    const level = this.#levels.get(priority);
    const entries = level?.get(owner);
    if (!level || !entries?.delete(entry)) return;
    this.#size--;
    if (entries.size === 0) level.delete(owner);
    if (level.size === 0) this.#levels.delete(priority);
  }

  /**
   * Of the most urgent, the oldest entry of the owner whose turn it is, which then goes to the end.
   * Undefined: it is empty.
   */
  take(): Entry | undefined {
    const priority = Math.max(...this.#levels.keys());
    const level = this.#levels.get(priority);
    const turn = level?.entries().next().value;
    const oldest = turn?.[1].values().next().value;
    if (!level || !turn || oldest === undefined) return undefined;
    const [owner, entries] = turn;
    level.delete(owner);
    level.set(owner, entries);
    this.delete(oldest, { owner, priority });
    return oldest;
  }

  /**
   * Takes out what has to make room for a newcomer: of the least urgent, the newest entry of whoever has
   * most. Undefined: nothing there has a weaker claim than the newcomer, which is one that is less urgent, or
   * as urgent of an owner that would still have as many.
   */
  displace(newcomer: Claim): Entry | undefined {
    const priority = Math.min(...this.#levels.keys());
    const level = this.#levels.get(priority);
    if (!level || priority > newcomer.priority) return undefined;
    const [owner, entries] = [...level].reduce((most, next) => (next[1].size > most[1].size ? next : most));
    const own = level.get(newcomer.owner)?.size ?? 0;
    if (priority === newcomer.priority && entries.size - 1 < own + 1) return undefined;
    const newest = [...entries].at(-1) as Entry;
    this.delete(newest, { owner, priority });
    return newest;
  }
}
