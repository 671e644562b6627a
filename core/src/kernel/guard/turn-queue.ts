/** A queue in which the owners of its entries take turns, so that nobody's many keep somebody else's one waiting (round robin). */
export class TurnQueue<Entry> {
  /** In the order of their turns; an owner is there while it has entries. */
  readonly #owners = new Map<string, Set<Entry>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(owner: string, entry: Entry): void {
    const entries = this.#owners.get(owner) ?? new Set();
    entries.add(entry);
    this.#owners.set(owner, entries);
    this.#size++;
  }

  /** Takes an entry out, wherever it stands. */
  delete(owner: string, entry: Entry): void {
    const entries = this.#owners.get(owner);
    if (!entries?.delete(entry)) return;
    this.#size--;
    if (entries.size === 0) this.#owners.delete(owner);
  }

  /** The oldest entry of the owner whose turn it is, which then goes to the end. Undefined: it is empty. */
  take(): Entry | undefined {
    const [turn] = this.#owners;
    if (!turn) return undefined;
    const [owner, entries] = turn;
    const [oldest] = entries as Set<Entry & NonNullable<unknown>>;
    this.#owners.delete(owner);
    this.#owners.set(owner, entries);
    if (oldest !== undefined) this.delete(owner, oldest);
    return oldest;
  }
}
