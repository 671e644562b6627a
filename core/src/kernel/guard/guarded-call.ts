import type { Progress } from '@easel/plugin-sdk';

/** What a call brings along, beside its request. */
export interface GuardedCall {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  /** Who asks, for the turns in the queue. Absent: one of those who do not say. */
  readonly caller?: string | undefined;
  /** A higher one goes first in the queue. Absent: 0. */
  readonly priority?: number | undefined;
  /** Whether an earlier try of the call, which was cut off, was handed to this plugin. Absent: no. */
  readonly wasHandedOver?: boolean | undefined;
  /**
   * Whether whoever asks has the result safely; the plugin is told. Never rejects. Absent: when the call
   * resolves.
   */
  readonly received?: Promise<boolean> | undefined;
}
