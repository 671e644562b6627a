import { atom } from 'nanostores';
import * as z from 'zod/mini';
import { addressOf } from '../api/call.js';

const eventSchema = z.looseObject({
  time: z.string(),
  name: z.string(),
  plugin: z.optional(z.string()),
  outcome: z.optional(z.string()),
  durationMs: z.optional(z.number()),
  error: z.optional(z.looseObject({ message: z.string() })),
});
export interface KernelEvent extends z.infer<typeof eventSchema> {
  /** Counts them on this page. */
  readonly id: number;
}

const kept = 300;
let count = 0;

/** The oldest first. */
export const $kernelEvents = atom<readonly KernelEvent[]>([]);

/**
 * Follows what happens in the kernel, as far as the key may know of it; the function that it answers ends
 * that.
 */
export function watchKernel(): () => void {
  const source = new EventSource(addressOf('api/admin/events'));
  // The server tells the latest again.
  source.addEventListener('open', () => $kernelEvents.set([]));
  source.addEventListener('kernel', ({ data }: MessageEvent<string>) => {
    const event = { ...z.parse(eventSchema, JSON.parse(data)), id: count++ };
    $kernelEvents.set([...$kernelEvents.get(), event].slice(-kept));
  });
  return () => source.close();
}

/** How long the last calls of a plugin took, in milliseconds, the oldest first. */
export const latenciesOf = (events: readonly KernelEvent[], id: string): number[] =>
  events.flatMap(({ plugin, durationMs }) => (plugin === id && durationMs !== undefined ? [durationMs] : []));
