import { invalidFiles } from '../invalid-files.js';
import { type GgufMetadata, integerIn, textIn } from './metadata.js';

/** What `general.architecture` says of models that make images and of their text encoders, by the programs that write such files. */
const imageModels = ['flux', 'sd3', 'sd1', 'sdxl', 'aura', 'hidream', 'cosmos', 'ltxv', 'hyvid', 'wan'];
const laterImageModels = ['lumina2', 'qwen_image', 'chroma', 'pig', 'cow'];
const textEncoders = ['t5', 't5encoder', 'clip', 'llama', 'qwen2vl', 'qwen3', 'qwen3vl'];
const known: ReadonlySet<string> = new Set([...imageModels, ...laterImageModels, ...textEncoders]);

/**
 * Looks whether a file may be a part of a model for images. A file without an architecture may be one: its names tell.
 *
 * @throws ERR_MODEL_FILES_INVALID naming what it is instead
 */
export function requireImageModel(path: string, metadata: GgufMetadata): void {
  const architecture = textIn(path, metadata, 'general.architecture');
  if (architecture !== undefined && !known.has(architecture)) {
    throw invalidFiles(
      `${path} is a GGUF file of the architecture "${architecture}", which is no model for images and no text encoder of one.`,
      'Use the GGUF file of the image model itself.',
    );
  }
  const parts = integerIn(path, metadata, 'split.count') ?? 1;
  if (parts > 1) {
    throw invalidFiles(
      `${path} is one of ${parts} parts of a GGUF file, which are not read apart.`,
      'Merge them with "llama-gguf-split --merge", or use the file in one part.',
    );
  }
}
