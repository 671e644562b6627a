import type { ConfigurationInput } from '@easel/core';
import type { ImageRequest } from '@easel/plugin-sdk';

/** What a fault may do besides what the emulator does. */
export interface Stage {
  /** Ends the plugin's process by SIGKILL. */
  kill(): void;
}

/** One thing that goes wrong, on its own. */
export interface Fault {
  /** Its row in the matrix. */
  readonly name: string;
  /** What the call asks for besides its prompt. Absent: one picture. */
  readonly request?: Partial<ImageRequest>;
  /**
   * Whether a paid picture of it is out of reach for everybody: the provider has no way to ask for it, or has
   * lost it itself. Absent: no.
   */
  readonly mayLose?: boolean;
  /** Whether a request may take `lateMs`, and not what the site says. Absent: no. */
  readonly isLate?: boolean;
  /** Has it happen to the next call. */
  readonly strike: (stage: Stage) => void;
}

/** What a call was paid for, as the emulator counts. */
export interface Account {
  /** Requests that made a picture. */
  readonly paid: number;
  /** Those of them whose answer could not be had by anybody. */
  readonly struck: number;
}

/** A provider on this machine, with what can go wrong there. */
export interface Site {
  /** Of the plugin, so that it finds the emulator, with waits of milliseconds. */
  readonly options: NonNullable<NonNullable<ConfigurationInput['plugins']>[string]['options']>;
  /** Pictures that were made, and paid. */
  readonly paid: number;
  readonly faults: readonly Fault[];
  /** Told of each request. */
  onRequest: () => void;
  /** Has many things go wrong with the requests from now on, drawn by that. */
  storm(random: () => number): void;
  /** The same with faults after which no paid image is out of reach. Absent: `storm` has no others. */
  readonly mildStorm?: (random: () => number) => void;
  /** Nothing goes wrong any more. */
  calm(): void;
  /** A random choice of how a call is made. */
  drawRequest(random: () => number): Partial<ImageRequest>;
  /** Whether its models have no seeds. Absent: they have. */
  readonly isSeedless?: boolean;
  /**
   * What became of a prompt; where each request is a picture of its own. Absent: a lost call finds its
   * pictures again.
   */
  readonly account?: (prompt: string) => Account;
  /**
   * Whether what is on its way is lost, and told, when the plugin's process is killed as well as the server.
   * Absent: it is found again.
   */
  readonly isLostWithProcess?: boolean;
  /**
   * Where nobody pays: images that were made in vain, at most, when processes have ended so many times: a
   * call makes again what got lost. Absent: none may be.
   */
  readonly mayWaste?: (ended: number) => number;
  /** Whether a call that comes again is known by its id alone. Absent: by its words and its seed. */
  readonly isKnownById?: boolean;
  restart(downMs: number): Promise<void>;
  close(): Promise<void>;
}

export interface Provider {
  /** In its table and among the words of the command. */
  readonly name: string;
  readonly plugin: string;
  readonly model: string;
  readonly secrets: Readonly<Record<string, string>>;
  open(random?: () => number): Promise<Site>;
}

/** Milliseconds that a request may take: a machine with much else to do must not make an answer late. */
export const patientMs = 60_000;

/** The same where the answer is what takes too long. */
export const lateMs = 5_000;

/** An answer that takes longer than `lateMs`. */
export const lateAnswer = { trickle: { bytes: 1, everyMs: 500 } } as const;

/**
 * Milliseconds that a plugin may take to start, and to acknowledge what it is told: a machine with much else
 * to do is no fault of its own.
 */
export const patientRuntime = { startMs: 120_000, stallMs: 60_000 };

/** The element that a random number chooses. */
export const pick = <Element>(random: () => number, all: readonly Element[]): Element =>
  all[Math.floor(random() * all.length)] as Element;
