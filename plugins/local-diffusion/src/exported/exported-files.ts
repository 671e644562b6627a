import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { invalidFiles } from '../checkpoint/invalid-files.js';

const requiredFor = (suffixes: readonly string[]) => [
  'scheduler/scheduler_config.json',
  ...suffixes.flatMap((suffix) => [
    `text_encoder${suffix}/model.onnx`,
    `tokenizer${suffix}/merges.txt`,
    `tokenizer${suffix}/vocab.json`,
  ]),
  'unet/model.onnx',
  'vae_decoder/model.onnx',
];

/** Whether a folder in diffusers' layout holds ONNX files and no weights that could be mounted in their stead. */
export async function isExported(folder: string): Promise<boolean> {
  const names = await readdir(join(folder, 'unet')).catch((): string[] => []);
  if (names.some((name) => name.endsWith('.safetensors'))) return false;
  return names.includes('model.onnx') || (await exists(join(folder, 'vae_decoder')));
}

/**
 * All files that an exported folder is read from.
 *
 * @param suffixes of its text encoders and tokenizers
 * @throws ERR_MODEL_FILES_INVALID naming every file that is missing
 */
export async function exportedFiles(folder: string, suffixes: readonly string[]): Promise<readonly string[]> {
  const required = requiredFor(suffixes);
  const there = await Promise.all(required.map((file) => exists(join(folder, file))));
  const missing = required.filter((_, index) => !there[index]);
  if (missing.length > 0) {
    throw invalidFiles(
      `${folder} is an exported ONNX model, and has no ${missing.join(', no ')}.`,
      'Fetch the missing files, or export the model again.',
    );
  }
  const texts = suffixes.flatMap((suffix) => [`text_encoder${suffix}`, `tokenizer${suffix}`]);
  const parts = [...texts, 'unet', 'vae_decoder', 'vae_encoder', 'scheduler'];
  const files = await Promise.all(
    parts.map(async (part) => {
      const entries = await readdir(join(folder, part), { withFileTypes: true }).catch(() => []);
      return entries.filter((each) => !each.isDirectory()).map(({ name }) => join(folder, part, name));
    }),
  );
  return [join(folder, 'model_index.json'), ...files.flat()];
}

export const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
