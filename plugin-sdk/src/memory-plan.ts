/**
 * What a call would hold in memory.
 *
 * @module
 */
import { z } from 'zod';

const bytes = z.number().nonnegative();

const networkCostSchema = z.object({
  name: z.string().max(200),
  weightBytes: bytes.describe('All of its weights, as they are computed with.'),
  stages: z.int().min(1).describe('Parts that it runs as, one open at a time.'),
  heldBytes: bytes.describe(
    'The most that is held at once: weights of a part, and what its run takes beside.',
  ),
  leastBytes: bytes.describe('The same where it runs in the smallest parts.'),
});

export const memoryPlanSchema = z.object({
  budgetBytes: bytes.describe(
    'What networks may hold together; those that ran longest ago are closed first.',
  ),
  limitBytes: bytes.describe('What one network may hold.'),
  leastBytes: bytes.describe('The smallest limit that the call fits into.'),
  networks: z.array(networkCostSchema).max(1_000).describe('In the order of their first runs.'),
});

/** What a network of a call holds, in bytes. */
export type NetworkCost = z.output<typeof networkCostSchema>;
/** What a call would hold in memory, as its plugin plans it before anything is opened. */
export type MemoryPlan = z.output<typeof memoryPlanSchema>;
