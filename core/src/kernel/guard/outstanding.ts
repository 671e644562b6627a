/** What a plugin has not finished yet: calls that somebody waits for, and results that are being stored. */
export class Outstanding {
  readonly #calls = new Set<Promise<unknown>>();
  readonly #receipts = new Set<Promise<boolean>>();

  /**
   * Resolves or rejects as the call does. Until its result is stored, the plugin is there to be told of that;
   * `onStored` is called when it need not be any more.
   */
  async call<T>(
    answer: Promise<T>,
    received: Promise<boolean> | undefined,
    onStored: () => void,
  ): Promise<T> {
    this.#calls.add(answer);
    try {
      const made = await answer;
      // In this very turn, so that `drain` sees the one or the other.
      if (received) this.#awaitReceipt(received, onStored);
      return made;
    } finally {
      this.#calls.delete(answer);
    }
  }

  #awaitReceipt(received: Promise<boolean>, onStored: () => void): void {
    this.#receipts.add(received);
    void received.then(() => {
      this.#receipts.delete(received);
      onStored();
    });
  }

  get hasReceipts(): boolean {
    return this.#receipts.size > 0;
  }

  /**
   * Resolves when all is finished. After `drainMs` it waits for results no longer, and calls `kill`, which
   * must end the calls, where there are any. Resolves with whether there were.
   */
  async drain(drainMs: number, kill: () => void): Promise<boolean> {
    let isLate = false;
    let timer: NodeJS.Timeout | undefined;
    const timeUp = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        isLate = this.#calls.size > 0;
        if (isLate) kill();
        resolve();
      }, drainMs);
    });
    await Promise.allSettled(this.#calls);
    await Promise.race([Promise.allSettled(this.#receipts), timeUp]);
    clearTimeout(timer);
    return isLate;
  }
}
