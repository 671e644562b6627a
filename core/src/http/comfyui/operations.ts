import { z } from 'zod';
import type { Operation } from '../operation.js';
import { promptSchema } from './take-prompt.js';

const comfy = { tag: 'ComfyUI', failure: 'comfyFailed' } as const;
const read = { ...comfy, method: 'GET', scope: 'read' } as const;
const change = { ...comfy, method: 'POST', scope: 'generate' } as const;

export const historyQuerySchema = z.object({
  max_items: z.coerce.number().int().min(0).optional().describe('How many, the newest. Absent: all.'),
  offset: z.coerce.number().int().min(-1).optional().describe('How many of the oldest to pass over.'),
});
export const viewSchema = z.object({
  filename: z.string().max(500).describe('As the history names it.'),
  subfolder: z.string().max(500).default('').describe('Of files that were sent. Absent: none.'),
  type: z.enum(['output', 'temp', 'input']).default('output').describe('input: a file that was sent.'),
});
export const removalSchema = z.looseObject({
  clear: z.boolean().nullish().describe('All of them.'),
  delete: z.array(z.string().max(200)).max(1_000).nullish().describe('Ids of prompts.'),
});
export const interruptSchema = z.looseObject({
  prompt_id: z.string().max(200).nullish().describe('Absent: whichever runs.'),
});

export const socketSchema = z.object({ clientId: z.string().max(200).optional() });

const operations = {
  prompt: {
    ...change,
    path: '/prompt',
    summary: 'Takes a workflow, whose images come later.',
    body: promptSchema,
    answer: 'comfyPrompt',
  },
  remaining: { ...read, path: '/prompt', summary: 'Tells how many wait.', answer: 'comfyQueueStatus' },
  history: {
    ...read,
    path: '/history',
    query: historyQuerySchema,
    summary: 'Lists workflows that have ended, with their images.',
    answer: 'comfyHistory',
  },
  historyOf: {
    ...read,
    path: '/history/:id',
    summary: 'A workflow that has ended; nothing where it has not.',
    answer: 'comfyHistory',
  },
  forget: {
    ...change,
    path: '/history',
    summary: 'Forgets workflows that have ended.',
    body: removalSchema,
  },
  queue: {
    ...read,
    path: '/queue',
    summary: 'Lists workflows that have not ended.',
    answer: 'comfyQueue',
  },
  remove: {
    ...change,
    path: '/queue',
    summary: 'Takes workflows out of the queue.',
    body: removalSchema,
  },
  interrupt: {
    ...change,
    path: '/interrupt',
    summary: 'Ends the workflow that runs.',
    body: interruptSchema,
  },
  view: { ...read, path: '/view', query: viewSchema, summary: 'An image that was made, or sent.' },
  upload: {
    ...change,
    path: '/upload/image',
    summary: 'Keeps an image that workflows load.',
    body: z.looseObject({ subfolder: z.string().optional(), overwrite: z.string().optional() }),
    files: ['image'],
    answer: 'comfyUpload',
  },
  nodes: { ...read, path: '/object_info', summary: 'Lists the kinds of nodes.', answer: 'comfyNodes' },
  node: {
    ...read,
    path: '/object_info/:name',
    summary: 'Tells of a kind of node; nothing where there is none.',
    answer: 'comfyNodes',
  },
  system: {
    ...read,
    path: '/system_stats',
    summary: "Tells the machine's memory.",
    answer: 'comfySystem',
  },
  free: { ...change, path: '/free', summary: 'Does nothing: plugins free memory by themselves.' },
  embeddings: { ...read, path: '/embeddings', summary: 'Lists embeddings: none.', answer: 'comfyList' },
  extensions: { ...read, path: '/extensions', summary: 'Lists extensions: none.', answer: 'comfyList' },
  features: { ...read, path: '/features', summary: 'Tells features.', answer: 'comfyFeatures' },
  socket: {
    ...read,
    path: '/ws',
    summary: 'Tells of the workflows of a client by WebSocket, as ComfyUI does.',
    query: socketSchema,
  },
} as const satisfies Record<string, Operation>;

export type ComfyOperations = Readonly<Record<keyof typeof operations, Operation>>;

/** The part of ComfyUI's API by which its clients make images, below a path. */
export const comfyOperations = (base: string): ComfyOperations =>
  Object.fromEntries(
    Object.entries<Operation>(operations).map(([name, operation]) => [
      name,
      { ...operation, path: base + operation.path },
    ]),
  ) as ComfyOperations;
