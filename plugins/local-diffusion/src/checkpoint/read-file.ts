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
    throw invalidFiles(`${file} is not valid JSON${jsonPlace(cause)}.`, undefined, cause);
  }
}

/**
 * Where a text stops being JSON, as far as it is known. The parser's own message quotes the text, which may
 * be of a file that is nobody's business.
 */
export function jsonPlace(error: unknown): string {
  const [place] = /position \d+/.exec(String(error)) ?? [];
  return place === undefined ? '' : ` (${place})`;
}
