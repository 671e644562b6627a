import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { TaskJournal } from '../journal/task-journal.js';
import { type TaskDetails, taskDetailsSchema } from './task-driver.js';

/** What a task has made. */
export interface MadeImages {
  /** The files, as the provider has made them. */
  readonly files: readonly Uint8Array<ArrayBuffer>[];
  readonly details: TaskDetails;
}

const keptSchema = z.object({ images: z.int().positive(), details: taskDetailsSchema });
const keptFile = 'made.json';
const imageFile = (index: number) => `image-${index}`;

/** Keeps what a task has made beside its record. Rejects where that cannot be written down. */
export async function keepMade(
  journal: Pick<TaskJournal, 'keepFile'>,
  id: string,
  { files, details }: { readonly files: readonly Uint8Array[]; readonly details: TaskDetails },
): Promise<void> {
  for (const [index, bytes] of files.entries()) await journal.keepFile(id, imageFile(index), bytes);
  await journal.keepFile(id, keptFile, JSON.stringify({ images: files.length, details }));
}

/** What was kept of a task. Undefined: nothing, or not all of it. */
export async function readMade(
  journal: Pick<TaskJournal, 'pathOf'>,
  id: string,
): Promise<MadeImages | undefined> {
  const path = (name: string) => journal.pathOf(id, name) ?? '';
  try {
    const { images, details } = keptSchema.parse(JSON.parse(await readFile(path(keptFile), 'utf8')));
    const read = async (index: number) => new Uint8Array(await readFile(path(imageFile(index))));
    return { files: await Promise.all(Array.from({ length: images }, (_, index) => read(index))), details };
  } catch {
    return undefined;
  }
}
