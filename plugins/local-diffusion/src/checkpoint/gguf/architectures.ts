import { invalidFiles } from '../invalid-files.js';
import { type GgufMetadata, integerIn, textIn } from './metadata.js';

/**
 * What `general.architecture` says of language models and others that no model for images reads its text
 * with, by llama.cpp's names. What is not among them may be a model for images or its text encoder: the names
 * of its tensors tell.
 */
const otherModels =
  /^(gpt|bloom|falcon|mpt|starcoder|phi|mamba|rwkv|whisper|deepseek|command|olmo|granite|baichuan|internlm|stablelm|refact|orion|minicpm|dbrx|jais|nemotron|exaone|chatglm|glm|arctic|codeshell|plamo|xverse|grok|(.*-)?bert)/;

/**
 * Looks whether a file may be a part of a model for images. A file without an architecture may be one: its
 * names tell.
 *
 * @throws ERR_MODEL_FILES_INVALID naming what it is instead
 */
export function requireImageModel(path: string, metadata: GgufMetadata): void {
  const architecture = textIn(path, metadata, 'general.architecture');
  if (architecture !== undefined && otherModels.test(architecture)) {
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
