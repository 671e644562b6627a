import { readFile } from 'node:fs/promises';
import { invalidFiles } from './invalid-files.js';

/** The text of a checkpoint's file. Throws ERR_MODEL_FILES_INVALID naming it. */
export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw invalidFiles(`${file} cannot be read: ${(cause as Error).message}`, undefined, cause);
  }
}

/** The content of a checkpoint's JSON file. Throws ERR_MODEL_FILES_INVALID naming it. */
export async function readJson(file: string): Promise<unknown> {
  const text = await readText(file);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalidFiles(`${file} is not valid JSON: ${(cause as Error).message}`, undefined, cause);
  }
}
