import { extname } from 'node:path';
import { readGguf } from './gguf/gguf.js';
import { openRegularFile } from './open-regular-file.js';
import { readSafetensorsFile, type SafetensorsFile } from './safetensors.js';

/** Endings of the files that weights are read from. */
const extensions: readonly string[] = ['.safetensors', '.sft', '.gguf'];

/** Whether a file is called like one of weights. */
export const isTensorFileName = (name: string): boolean => extensions.includes(extname(name).toLowerCase());

/**
 * Reads the header of a file of weights: .safetensors, also called .sft, or GGUF by its first bytes or its
 * name.
 *
 * @throws ERR_MODEL_FILES_INVALID naming the file, what is wrong with it and what to do
 */
export async function readTensorFile(path: string): Promise<SafetensorsFile> {
  if (extname(path).toLowerCase() !== '.gguf' && !(await beginsLikeGguf(path)))
    return await readSafetensorsFile(path);
  const { tensors, metadata } = await readGguf(path);
  const texts = [...metadata].filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return { tensors, metadata: new Map(texts) };
}

async function beginsLikeGguf(path: string): Promise<boolean> {
  const handle = await openRegularFile(path);
  try {
    const start = Buffer.alloc(9);
    await handle.read(start, 0, start.length, 0);
    // Byte 8 of a .safetensors file opens the JSON header, whatever its first bytes look like.
    return start.toString('latin1', 0, 4) === 'GGUF' && start[8] !== 0x7b;
  } finally {
    await handle.close();
  }
}
