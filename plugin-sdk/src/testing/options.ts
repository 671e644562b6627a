import type { z } from 'zod';
import type { ErrorCode } from '../error-table.js';
import type { GenerationRequest } from '../generation.js';
import type { modelSchema } from '../model.js';

/** Fields of a request that a test sets; all others come from the model's defaults. */
export type RequestChange = Partial<Omit<GenerationRequest, 'model'>>;

/** Checks that make no sense for a plugin, by name, and why. */
export interface SkippedChecks {
  /** A sentence for people; shown beside the skipped tests. */
  readonly reason: string;
  readonly tests: readonly string[];
}

/** A request that the plugin has to refuse, and how. */
export interface ExpectedFailure {
  readonly request: RequestChange;
  readonly code: ErrorCode;
}

/** A provider that is paid, as its emulator shows it. */
export interface PaidProvider {
  /** Images that it has been paid for until now. */
  readonly paid: () => number;
  /**
   * From now on it makes images, is paid for them, and nobody can have them: their host fails, or its answers
   * break off. Or no longer.
   */
  readonly loseImages: (isLost: boolean) => void;
}

export interface PluginTestOptions {
  /** Heads the suite. Absent: the path of the folder. */
  readonly name?: string;
  /** Folder of the plugin, with its plugin.json; absolute, or as a file URL. */
  readonly folder: string | URL;
  /** Its part of the configuration. Absent: `{}`. */
  readonly config?: unknown;
  /** A configuration that its schema has to refuse. Absent: one with an unknown setting. */
  readonly refusedConfig?: unknown;
  /** Its provider options, with every call. Absent: the model's. */
  readonly options?: GenerationRequest['options'];
  /**
   * The model, as in a catalogue file, its path absolute. Absent: one made up for the first pipeline type of
   * the manifest.
   */
  readonly model?: z.input<typeof modelSchema>;
  /** What is asked for. Absent: a prompt, and the model's defaults. */
  readonly request?: RequestChange;
  /**
   * What makes the request take so long that it can be cancelled in the middle. Absent: nothing, and the
   * plugin may be faster than the test.
   */
  readonly slow?: RequestChange;
  /** Requests that have to fail, and with which code. Absent: none beside a model that is not there. */
  readonly failures?: readonly ExpectedFailure[];
  /** How the provider is paid. Absent: it is not. */
  readonly provider?: PaidProvider;
  /**
   * Values of its secrets; none may show up anywhere. Absent: made up, one for each that the manifest names.
   */
  readonly secrets?: Readonly<Record<string, string>>;
  /**
   * Milliseconds within which an aborted call has to end. Absent: 2,000, after which the kernel ends the
   * plugin's process.
   */
  readonly cancelWithinMs?: number;
  /**
   * Milliseconds that timers, sockets and threads have to go away after close() has resolved. Absent: 2,000.
   */
  readonly releaseWithinMs?: number;
  /** Milliseconds one check may take. Absent: 60,000. */
  readonly timeoutMs?: number;
  /** Absent: every check is made. */
  readonly skip?: readonly SkippedChecks[];
}
