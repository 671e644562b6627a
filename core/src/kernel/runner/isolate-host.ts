import type { Readable } from 'node:stream';
import type { Port } from './port.js';

/** What a plugin runs in, outside of the kernel's own thread. */
export interface IsolateHost {
  readonly kind: 'process' | 'thread';
  readonly pid: number | undefined;
  readonly port: Port;
  /** Absent where its lines come over the port. */
  readonly output?: { readonly stdout: Readable; readonly stderr: Readable };
  /** Resolves with how it ended, for example "exited with status 3"; never rejects. */
  readonly exited: Promise<string>;
  /**
   * Resolves when everything that it wrote before its end has been read, and what it has started has ended.
   */
  readonly drained: Promise<unknown>;
  /** Ends it at once, whatever it is doing. */
  destroy(): void;
  /**
   * Lets go of it: it sees the wire close, and has ended for whoever waits for that. Absent: that is not
   * possible.
   */
  release?(): void;
  keepHostAlive(alive: boolean): void;
}
