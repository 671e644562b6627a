/** What a file's next request meets in place of its contents; each is met once, in their order. */
export type Fault =
  /** The connection ends after so many bytes of the body. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** One byte of the body is another. */
  | { readonly kind: 'flip' }
  /** The body has a byte more than it should. */
  | { readonly kind: 'longer' }
  | { readonly kind: 'status'; readonly status: number; readonly retryAfterSeconds?: number }
  /** So many bytes a second. */
  | { readonly kind: 'slow'; readonly bytesPerSecond: number };

/** Faults by the path of the file that they befall. */
export class Faults {
  readonly #waiting = new Map<string, Fault[]>();

  add(path: string, ...faults: readonly Fault[]): void {
    this.#waiting.set(path, [...(this.#waiting.get(path) ?? []), ...faults]);
  }

  take(path: string): Fault | undefined {
    return this.#waiting.get(path)?.shift();
  }
}
