import type { Operation } from '../operation.js';
import { automaticOperations } from './automatic1111.js';
import { jobOperations } from './jobs.js';
import { openAiOperations } from './openai.js';
import { operatingOperations } from './operating.js';
import { planOperations } from './plan.js';

/** What the server does, in the order in which people read of it. */
export const operations: readonly Operation[] = [
  ...planOperations,
  ...jobOperations,
  ...openAiOperations,
  ...automaticOperations,
  ...operatingOperations,
];
