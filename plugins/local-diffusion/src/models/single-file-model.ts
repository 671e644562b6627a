import type { Component } from '../checkpoint/component.js';
import { invalidFiles } from '../checkpoint/invalid-files.js';
import { openTokenizer } from '../families/components/clip-text-encoder.js';
import { openStableDiffusion } from '../families/stable-diffusion/open.js';
import { openStableDiffusionXl } from '../families/stable-diffusion-xl/open.js';
import type { ClipTokenizer } from '../tokenizers/clip-tokenizer.js';
import { openClipTokenizer } from '../tokenizers/clip-vocabulary.js';
import type { OpenedModel, OpenOptions, TextPart } from './open-model.js';
import { type OpenSingleFileOptions, openSingleFile, type SingleFile } from './single-file.js';

/**
 * Opens a checkpoint in one .safetensors file as a model that makes pictures.
 *
 * @throws ERR_MODEL_FILES_INVALID for files that are damaged or of another kind, and for one without an autoencoder or a text encoder
 */
export async function openSingleFileModel(
  path: string,
  options: OpenOptions & OpenSingleFileOptions = {},
): Promise<OpenedModel> {
  const file = await openSingleFile(path, options);
  const { unet, vae, textEncoder, textEncoder2 } = file.components;
  if (!vae)
    throw invalidFiles(
      `${path} has no autoencoder.`,
      'Give one apart: the path of a folder or a file, as the provider option "vae".',
    );
  const { schedulerConfig, warnings } = file;
  const parts = { origin: path, unet, vae, schedulerConfig, files: [path], warnings };
  const texts = await textParts(file, [textEncoder, textEncoder2]);
  const [first] = texts;
  if (!first) throw invalidFiles(`${path} has no text encoder.`, 'Use a checkpoint that has one.');
  if (file.family === 'stable-diffusion-1' || file.family === 'stable-diffusion-2')
    return await openStableDiffusion(parts, first, options);
  // As diffusers has it for SDXL's base; its refiner encodes the empty text.
  const zerosForNoNegativePrompt = textEncoder !== undefined;
  return await openStableDiffusionXl(parts, texts, { ...options, zerosForNoNegativePrompt });
}

async function textParts(
  { family, tokenizerFolders }: SingleFile,
  [textEncoder, textEncoder2]: readonly (Component | undefined)[],
): Promise<TextPart[]> {
  const open = async (folder: string | undefined, isOpenClip: boolean): Promise<ClipTokenizer> =>
    folder === undefined
      ? await openClipTokenizer(isOpenClip ? '!' : '<|endoftext|>')
      : await openTokenizer(folder);
  const { tokenizer, tokenizer2 } = tokenizerFolders;
  const parts: TextPart[] = [];
  if (textEncoder)
    parts.push({
      component: textEncoder,
      tokenizer: await open(tokenizer, family === 'stable-diffusion-2'),
    });
  if (textEncoder2) parts.push({ component: textEncoder2, tokenizer: await open(tokenizer2, true) });
  return parts;
}
