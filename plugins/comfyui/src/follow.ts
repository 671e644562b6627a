import { setTimeout as pause } from 'node:timers/promises';
import { EaselError, linkSignals } from '@easel/plugin-sdk';
import { z } from 'zod';
import type { HistoryEntry, OutputFile, Prompts } from './prompts.js';

export interface Following {
  readonly id: string;
  readonly pollMs: number;
  readonly signal: AbortSignal;
  /** Aborted when the server has told that the prompt has ended. */
  readonly ended: AbortSignal;
}

/**
 * Waits for the end of a prompt.
 *
 * @throws EaselError ERR_PROVIDER_UNAVAILABLE where the server has forgotten it, or is silent
 */
export async function follow(
  prompts: Prompts,
  { id, pollMs, signal, ended }: Following,
): Promise<HistoryEntry> {
  for (;;) {
    const entry = await prompts.entryOf(id, signal);
    if (entry) return entry;
    if (!(await prompts.isKnown(id, signal))) throw forgotten();
    const wake = linkSignals(ended.aborted ? [signal] : [signal, ended]);
    // What the server has told may be some milliseconds ahead of its history.
    const waitMs = ended.aborted ? Math.min(pollMs, 50) : pollMs;
    await pause(waitMs, undefined, { signal: wake.signal }).catch(() => {});
    wake.unlink();
  }
}

const forgotten = () =>
  new EaselError({
    code: 'ERR_PROVIDER_UNAVAILABLE',
    message:
      'ComfyUI has forgotten a prompt before its image came: it was restarted, or its history cleared.',
  });

const errorSchema = z.object({
  node_id: z.string().nullish(),
  node_type: z.string().nullish(),
  exception_message: z.string().nullish(),
});

/**
 * The file that a prompt has made: what is kept before what is only shown.
 *
 * @throws EaselError ERR_PROVIDER_BAD_RESPONSE with the reason where there is none
 */
export function fileOf({ outputs, status }: HistoryEntry, output: string | undefined): OutputFile {
  const messages = new Map(status?.messages ?? []);
  const { data } = errorSchema.safeParse(messages.get('execution_error'));
  if (data)
    throw bad(
      `failed at node ${data.node_id} (${data.node_type}): ${(data.exception_message ?? '').trim().slice(0, 500)}`,
    );
  if (messages.has('execution_interrupted')) throw bad('was interrupted by somebody');
  const files = (output === undefined ? Object.values(outputs) : [outputs[output]]).flatMap(
    (made) => made?.images ?? [],
  );
  const file = files.find(({ type }) => type === 'output') ?? files[0];
  if (!file) throw bad('has made no image; the workflow needs a node that keeps one, such as SaveImage');
  return file;
}

const bad = (what: string) =>
  new EaselError({ code: 'ERR_PROVIDER_BAD_RESPONSE', message: `The workflow ${what}.` });
