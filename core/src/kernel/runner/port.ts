/**
 * One end of the wire between the kernel and a plugin, whatever the wire is made of: frames on a stream
 * (frame-port.ts) or messages between threads (thread-port.ts).
 */
export interface Port {
  /** Bytes sent that the other side has not taken yet; 0 where that cannot be known. */
  readonly waitingBytes: number;
  /**
   * Sends one value; throws, and sends nothing, where it is too large or cannot be copied. A sender that
   * gives its buffers away lets them be moved: it must not use them afterwards. After the wire has been
   * closed it does nothing.
   */
  send(message: unknown, options?: { readonly giveAway: boolean }): void;
  /** Called once. `onBroken` is told, once, of bytes that are not a message; no message follows it. */
  listen(onMessage: (message: unknown) => void, onBroken: (error: Error) => void): void;
  /** Resolves when everything that was sent is on its way. */
  close(): Promise<void>;
}
