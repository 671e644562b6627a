import type { Progress } from '../result.js';

export interface BatchCall {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  /** Whether the kernel has received the result of the call; until then its pictures stay on disk. */
  readonly received: Promise<boolean>;
}

/** A paid picture. */
export interface Delivery {
  /** The body of the provider's answer, JSON. */
  readonly body: string;
  readonly seed: number | undefined;
  /** The provider's id of its batch. */
  readonly batchId: string | undefined;
  /** Whether it was on its way, or there, before the call came. */
  readonly isResumed: boolean;
  /**
   * Keeps another body in place of this one, for example with an image in it in place of an address that
   * expires.
   */
  replace(body: string): Promise<void>;
}
