/** Does one thing after the other, so that none works on what another is about to change. */
export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve();

  /** Resolves or rejects as the act does, when its turn has come. */
  async run<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(act);
    this.#last = turn.catch(() => {});
    return await turn;
  }

  /** Resolves when everything that has been asked for is done. */
  async idle(): Promise<void> {
    await this.#last;
  }
}
