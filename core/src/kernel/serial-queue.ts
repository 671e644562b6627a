/** Does one thing after the other, so that none works on what another is about to change. */
export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve();
  #waiting: Promise<void> | undefined;

  /** Resolves or rejects as the act does, when its turn has come. */
  async run<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(act);
    this.#last = turn.catch(() => {});
    return await turn;
  }

  /** Does what is always the same: once for all who ask before its turn has come. */
  async join(act: () => Promise<void>): Promise<void> {
    this.#waiting ??= this.run(async () => {
      this.#waiting = undefined;
      await act();
    });
    await this.#waiting;
  }

  /** Resolves when everything that has been asked for is done. */
  async idle(): Promise<void> {
    await this.#last;
  }
}
