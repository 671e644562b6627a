import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { invalidFiles } from '../checkpoint/invalid-files.js';

/**
 * Whether a folder in diffusers' layout holds ONNX files and no weights that could be mounted in their stead.
 *
 * @param denoiser name of the component that denoises
 */
export async function isExported(folder: string, denoiser: string): Promise<boolean> {
  const names = await readdir(join(folder, denoiser)).catch((): string[] => []);
  if (names.some((name) => name.endsWith('.safetensors'))) return false;
  return names.includes('model.onnx') || (await exists(join(folder, 'vae_decoder')));
}

/**
 * All files below some of the folders of an exported model.
 *
 * @param required files that have to be there, below the folder of the model
 * @throws ERR_MODEL_FILES_INVALID naming every file that is missing
 */
export async function exportedFiles(
  folder: string,
  parts: readonly string[],
  required: readonly string[],
): Promise<readonly string[]> {
  const there = await Promise.all(required.map((file) => exists(join(folder, file))));
  const missing = required.filter((_, index) => !there[index]);
  if (missing.length > 0) {
    throw invalidFiles(
      `${folder} is an exported ONNX model, and has no ${missing.join(', no ')}.`,
      'Fetch the missing files, or export the model again.',
    );
  }
  const files = await Promise.all(
    parts.map(async (part) => {
      const entries = await readdir(join(folder, part), { withFileTypes: true }).catch(() => []);
      return entries.filter((each) => !each.isDirectory()).map(({ name }) => join(folder, part, name));
    }),
  );
  return files.flat();
}

/** Whether there is a file or folder of that path. */
export const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
