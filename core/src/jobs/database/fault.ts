import { EaselError } from '@easel/plugin-sdk';

/** A failure of the database or of the disk below it, as it crosses from one thread to the other. */
export interface StorageFault {
  /**
   * What is wrong: it is held by another process; there is no room; it may not be opened or written; its
   * contents are damaged; it was written by a newer Easel; it is no longer at its path; the disk fails; it
   * does not answer; it has been closed.
   */
  readonly kind:
    | 'locked'
    | 'full'
    | 'denied'
    | 'damaged'
    | 'newer'
    | 'misplaced'
    | 'disk'
    | 'silent'
    | 'closed';
  /** SQLite's or the system's own words. */
  readonly detail: string;
}

/** SQLite's primary result codes, sqlite.org/rescode.html. */
const kinds: Readonly<Record<number, StorageFault['kind']>> = {
  3: 'denied', // PERM
  5: 'locked', // BUSY
  6: 'locked', // LOCKED
  8: 'denied', // READONLY
  10: 'disk', // IOERR
  11: 'damaged', // CORRUPT
  13: 'full', // FULL
  14: 'denied', // CANTOPEN
  26: 'damaged', // NOTADB
};
const systemKinds: Readonly<Record<string, StorageFault['kind']>> = {
  ENOSPC: 'full',
  EDQUOT: 'full',
  EIO: 'disk',
  EACCES: 'denied',
  EPERM: 'denied',
  EROFS: 'denied',
  ENOTDIR: 'denied',
  EISDIR: 'denied',
};

/** What an error of the database says of the storage. Undefined: nothing; it is a defect. */
export function faultOf(error: unknown): StorageFault | undefined {
  const { rawCode, code = '', message } = error as { rawCode?: number; code?: string; message: string };
  // A file that cannot be opened is told without a code: ConnectionFailed("... file: 14").
  const result = rawCode ?? Number(/ConnectionFailed\(.*: (\d+)"\)/.exec(message)?.[1] ?? 0);
  const kind = kinds[result & 0xff] ?? systemKinds[code];
  return kind && { kind, detail: code === '' ? message : `${code}: ${message}` };
}

const explanations: Readonly<
  Record<StorageFault['kind'], readonly [what: string, hint: string | undefined]>
> = {
  locked: ['is locked by another process', 'End the process that holds it; work goes on by itself then.'],
  full: ['cannot be written: the disk is full', 'Make room on that disk; work goes on by itself then.'],
  denied: [
    'cannot be opened or written',
    'Let this process read and write that file and its folder; work goes on by itself then.',
  ],
  damaged: [
    'is damaged, and has been left as it is',
    'Move it away, with the files of the same name that end in -wal and -shm, and start again: the jobs in it are lost then, images and keys are not. Or put a copy of it back.',
  ],
  newer: [
    'was written by a newer version of Easel',
    'Use that version again, or move the file away and start again: the jobs in it are lost then.',
  ],
  misplaced: [
    'is gone: it was moved or removed while the server runs',
    'Put it back, with its folder; work goes on by itself then. One that was removed is written again within seconds.',
  ],
  disk: [
    'cannot be read or written: the disk fails',
    'Look at the disk; work goes on by itself when it is well.',
  ],
  closed: ['has been closed', 'Ask the next server; it does what was accepted before.'],
  silent: ['does not answer', 'Look at the disk that it is on; work goes on by itself when it answers.'],
};
/** Milliseconds after which it makes sense to ask again, of what passes by itself. */
const againMs = 2_000;

/** ERR_STORAGE, with the path and what to do. */
export class StorageError extends EaselError {
  /** Whether it may pass although nobody sees to it. */
  readonly mayPass: boolean;

  constructor(path: string, { kind, detail }: StorageFault) {
    const [what, hint] = explanations[kind];
    super({
      code: 'ERR_STORAGE',
      message: `${path} ${what} (${detail}).`,
      hint,
      ...(kind === 'locked' || kind === 'silent' || kind === 'closed' ? { retryAfterMs: againMs } : {}),
    });
    this.mayPass = kind === 'locked' || kind === 'silent' || kind === 'full' || kind === 'disk';
  }
}
