/** What was read a short time ago, so that it need not be read again; the oldest goes first. */
export class Recent<Value> {
  readonly #values = new Map<string, { readonly value: Value; readonly readAt: number }>();
  readonly #most: number;
  readonly #forMs: number;

  /** @param most values that are kept @param forMs milliseconds for which each is */
  constructor(most: number, forMs: number) {
    this.#most = most;
    this.#forMs = forMs;
  }

  get(key: string): Value | undefined {
    const found = this.#values.get(key);
    return found && performance.now() - found.readAt < this.#forMs ? found.value : undefined;
  }

  set(key: string, value: Value): void {
    this.#values.delete(key);
    this.#values.set(key, { value, readAt: performance.now() });
    const [oldest] = this.#values.keys();
    if (this.#values.size > this.#most && oldest !== undefined) this.#values.delete(oldest);
  }

  delete(key: string): void {
    this.#values.delete(key);
  }
}
