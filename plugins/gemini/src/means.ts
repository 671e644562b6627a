import type { GenerationRequest } from '@easel/plugin-sdk';
import type { BatchCall, Batches } from '@easel/plugin-sdk/batch';
import type { PaidCall, PaidRequests } from '@easel/plugin-sdk/paid';
import type { GeminiClient } from './client.js';
import type { Semaphore } from './semaphore.js';
import type { Turns } from './turns.js';

/** What calls are made with. */
export interface Means {
  readonly client: GeminiClient;
  /** Requests that are answered at once. */
  readonly requests: PaidRequests;
  readonly batches: Batches;
  readonly turns: Turns;
  /** Of calls that are answered at once. */
  readonly semaphore: Semaphore;
  /** Requests of one call at once. */
  readonly parallelRequests: number;
}

/** The call, as paid requests know it. */
export const paidCall = (
  { requestId, isResumable }: Pick<GenerationRequest, 'requestId' | 'isResumable'>,
  { signal, received }: BatchCall,
): PaidCall => ({ requestId, isResumable, signal, received });
