import { join } from 'node:path';
import { openComponent } from '../checkpoint/component.js';
import { readText } from '../checkpoint/read-file.js';
import { isExported } from '../exported/exported-files.js';
import { openVaeInPlaceOf } from '../families/components/autoencoder-file.js';
import { openTokenizer } from '../families/components/clip-text-encoder.js';
import { openStableDiffusion } from '../families/stable-diffusion/open.js';
import { openStableDiffusionXl } from '../families/stable-diffusion-xl/open.js';
import { readSchedulerConfig } from '../sampling/scheduler-config/scheduler-config.js';
import { openExportedFolder } from './open-exported.js';
import type { ImageParts, OpenedModel, OpenOptions, TextPart } from './open-model.js';
import { readPipelineIndex } from './pipeline-index.js';

export interface OpenFolderOptions extends OpenOptions {
  /** Where the denoising network is; other than `unet` only for folders that hold several. Absent: `unet`. */
  readonly unet?: string | undefined;
  /** Another autoencoder: a folder, or a file. Absent: the folder's own. */
  readonly vae?: string | undefined;
}

/**
 * Opens a checkpoint in diffusers' layout: Stable Diffusion 1.x, 2.x, XL or XL's refiner, as its `model_index.json` says.
 *
 * @throws ERR_MODEL_FILES_INVALID for a folder that is of none of them, and for files that are missing, damaged or do not fit
 */
export async function openStableDiffusionFolder(
  folder: string,
  options: OpenFolderOptions = {},
): Promise<OpenedModel> {
  const index = await readPipelineIndex(folder);
  if (await isExported(folder)) return await openExportedFolder(folder, index, options);
  if (index.family === 'sd') {
    const [parts, text] = await Promise.all([readImageParts(folder, options), readTextPart(folder, '')]);
    return await openStableDiffusion(parts, text, options);
  }
  const suffixes = index.hasFirstTextEncoder ? ['', '_2'] : ['_2'];
  const [parts, ...texts] = await Promise.all([
    readImageParts(folder, options),
    ...suffixes.map((suffix) => readTextPart(folder, suffix)),
  ]);
  const { zerosForNoNegativePrompt } = index;
  return await openStableDiffusionXl(parts, texts, { ...options, zerosForNoNegativePrompt });
}

async function readImageParts(
  folder: string,
  { unet = 'unet', vae }: OpenFolderOptions,
): Promise<ImageParts> {
  const schedulerFile = join(folder, 'scheduler', 'scheduler_config.json');
  const [denoiser, ownVae, schedulerText] = await Promise.all([
    openComponent(join(folder, unet)),
    openComponent(join(folder, 'vae')),
    readText(schedulerFile),
  ]);
  const schedulerConfig = readSchedulerConfig(schedulerText, schedulerFile);
  // A file without a config takes over this one's.
  const given = vae === undefined ? ownVae : await openVaeInPlaceOf(vae, ownVae);
  return {
    origin: folder,
    unet: denoiser,
    vae: given,
    schedulerConfig,
    files: [schedulerFile],
    warnings: [],
  };
}

async function readTextPart(folder: string, suffix: string): Promise<TextPart> {
  // One after the other: where both are missing, the error is always the same.
  const component = await openComponent(join(folder, `text_encoder${suffix}`));
  const tokenizer = await openTokenizer(join(folder, `tokenizer${suffix}`));
  return { component, tokenizer };
}
