import { z } from 'zod';

/** How a task came to its end; what it cost is known only for those that were answered. */
export const endings = ['delivered', 'failed', 'not-taken', 'lost', 'expired'] as const;
export type Ending = (typeof endings)[number];

/** A task that is about to be sent. What it shows is not written down, only its hash. */
export const entrySchema = z.object({
  taskUUID: z.uuid(),
  /** Milliseconds since 1970. */
  at: z.number().nonnegative(),
  fingerprint: z.string().regex(/^[0-9a-f]{64}$/),
  /** Id of the call that it is of. Absent: the call had none. */
  requestId: z.string().optional(),
  /** Runware's id of the model, for people. */
  model: z.string(),
  /** Pictures that it makes. */
  count: z.int().positive(),
});
export type Entry = z.output<typeof entrySchema>;

/** A line of the journal. */
export const lineSchema = z.discriminatedUnion('event', [
  entrySchema.extend({ event: z.literal('begun') }),
  /** Nobody waits for it any more: its call was cancelled, or has failed without knowing what became of it. */
  z.object({ event: z.literal('abandoned'), taskUUID: z.uuid() }),
  z.object({ event: z.literal('ended'), taskUUID: z.uuid(), ending: z.enum(endings) }),
]);
export type Line = z.output<typeof lineSchema>;

/** What a journal tells of the tasks that have begun and not ended. */
export interface OpenTasks {
  /** By their task. */
  readonly open: Map<string, Entry>;
  /** Those of them that nobody waits for. */
  readonly abandoned: Set<string>;
}

/** Reads a journal. A line that was cut off by a crash, and whatever else is none, is passed over. */
export function readJournal(text: string): OpenTasks {
  const open = new Map<string, Entry>();
  const abandoned = new Set<string>();
  for (const written of text.split('\n')) {
    const line = parseLine(written);
    if (line?.event === 'begun') {
      const { event: _, ...entry } = line;
      open.set(entry.taskUUID, entry);
    } else if (line?.event === 'abandoned') abandoned.add(line.taskUUID);
    else if (line?.event === 'ended') open.delete(line.taskUUID);
  }
  return { open, abandoned };
}

function parseLine(text: string): Line | undefined {
  try {
    return lineSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
