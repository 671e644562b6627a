/** Short texts that all servers see and change, such as the keys. Each call rejects with ERR_STORAGE. */
export interface SharedDocuments {
  /** Undefined: nobody has written it. */
  read(name: string): Promise<string | undefined>;
  /**
   * Changes a text, and answers what it is then. Of several servers at once, each gets the text of the one
   * before.
   *
   * @param change may be called several times. Undefined: there is no such text yet
   */
  change(name: string, change: (text: string | undefined) => string): Promise<string>;
  /** Tells of each change that another server makes, within a minute at most. */
  follow(name: string, listener: (text: string) => void): void;
}
