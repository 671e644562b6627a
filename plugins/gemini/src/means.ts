import type { GenerationRequest, Image } from '@easel/plugin-sdk';
import type { BatchCall, Batches } from '@easel/plugin-sdk/batch';
import type { PaidCall, PaidRequests } from '@easel/plugin-sdk/paid';
import type { AsyncTasks } from '@easel/plugin-sdk/provider';
import type { Usage } from './answer.js';
import type { GeminiClient } from './client.js';
import type { InputFiles } from './input-files.js';
import type { Ticket } from './interactions/driver.js';
import type { Semaphore } from './semaphore.js';
import type { Turns } from './turns.js';

/** What calls are made with. */
export interface Means {
  readonly client: GeminiClient;
  /** Requests that are answered at once. */
  readonly requests: PaidRequests;
  /** Those that Google answers with an id, and makes in the background. */
  readonly interactions: AsyncTasks<Ticket>;
  readonly batches: Batches;
  readonly turns: Turns;
  readonly inputFiles: InputFiles;
  /** Of calls that are answered at once. */
  readonly semaphore: Semaphore;
  /** Models that Google has refused to call in the background. */
  readonly directModels: Set<string>;
  /** Requests of one call at once. */
  readonly parallelRequests: number;
}

/** How pictures are asked for, each by a request of its own. */
export interface Way {
  /** Of all that the call asks for, with the prompt as its caller gave it. */
  readonly fingerprint: string;
  /**
   * Asks for the picture of a number, or takes up the request for it.
   *
   * @throws EaselError; with `mayBePaid` where it may be paid all the same
   */
  draw(prompt: string, number: number): Promise<Drawn>;
  /** The ids to go on from, of images in their order, where the call wants them. */
  turnsOf(images: readonly Image[]): { readonly turns?: (string | null)[] };
}

/** What one request made. */
export interface Drawn {
  readonly images: readonly Image[];
  readonly usage: Usage | undefined;
  /** Whether the only images are marked as the model's thoughts. */
  readonly areThoughts: boolean;
  /** Whether it had been asked for before. */
  readonly isResumed: boolean;
}

/** The call, as paid requests know it. */
export const paidCall = (
  { requestId, isResumable }: Pick<GenerationRequest, 'requestId' | 'isResumable'>,
  { signal, received }: BatchCall,
): PaidCall => ({ requestId, isResumable, signal, received });
