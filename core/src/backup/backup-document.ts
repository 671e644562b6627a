import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EaselError } from '@easel/plugin-sdk';
import { z } from 'zod';

/** What says that a folder is a backup, and whole; it is written last. */
export const documentName = 'easel-backup.json';
export const backupFormat = 1;

const documentSchema = z.object({
  format: z.int().positive(),
  /** Version of Easel that made it. */
  easel: z.string(),
  /** ISO 8601. */
  createdAt: z.string(),
  /** Of all files but this one. */
  files: z.int().nonnegative(),
  bytes: z.int().nonnegative(),
});
export type BackupDocument = z.output<typeof documentSchema>;

/** Rejects with ERR_STORAGE for a folder that is no backup, and for one of a newer version. */
export async function readBackupDocument(folder: string): Promise<BackupDocument> {
  const text = await readFile(join(folder, documentName), 'utf8').catch(() => '');
  const parsed = documentSchema.safeParse(parseJson(text));
  if (!parsed.success)
    throw new EaselError({
      code: 'ERR_STORAGE',
      message: `${folder} is not a backup: it has no valid ${documentName}.`,
      hint: 'Name a folder that `easel backup` has made.',
    });
  const { format, easel } = parsed.data;
  if (format > backupFormat)
    throw new EaselError({
      code: 'ERR_STORAGE',
      message: `${folder} was made by a newer version of Easel, ${easel}.`,
      hint: `Restore it with Easel ${easel} or later.`,
    });
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
