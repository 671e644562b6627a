import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { invalidFiles } from './invalid-files.js';

/** What PEFT and diffusers call the file in the folder that they save a LoRA in. */
const names = ['adapter_model.safetensors', 'pytorch_lora_weights.safetensors'];

/**
 * The file of a LoRA that is given as a file, or as the folder that it was saved in.
 *
 * @throws ERR_MODEL_FILES_INVALID for a folder without one
 */
export async function findLoraFile(path: string): Promise<string> {
  const isFolder = await stat(path).then(
    (status) => status.isDirectory(),
    () => false,
  );
  if (!isFolder) return path;
  const entries = await readdir(path);
  const found = names.find((name) => entries.includes(name));
  if (found) return join(path, found);
  throw invalidFiles(
    `${path} is a folder without ${names.join(' and without ')}.`,
    'Give the path of the .safetensors file of the LoRA.',
  );
}
