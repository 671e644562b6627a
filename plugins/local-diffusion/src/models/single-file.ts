import { join } from 'node:path';
import type { Component } from '../checkpoint/component.js';
import { invalidFiles } from '../checkpoint/invalid-files.js';
import { readText } from '../checkpoint/read-file.js';
import { readSafetensorsFile, type TensorLocation } from '../checkpoint/safetensors.js';
import { openVae, openVaeInPlaceOf } from '../families/components/autoencoder-file.js';
import {
  deriveTextConfig,
  deriveUnetConfig,
  deriveVaeConfig,
} from '../families/components/derived-configs.js';
import {
  defaultSchedulerConfig,
  type Prediction,
  type PredictionType,
  predictionOf,
} from '../families/default-scheduler.js';
import { contextWidthOf, type Family, familyOf, familyOfContext } from '../families/recognise.js';
import { type SingleFileParts, singleFileParts } from '../families/single-file-parts.js';
import { readSchedulerConfig } from '../sampling/scheduler-config/scheduler-config.js';
import {
  configFolderOf,
  existing,
  openPart,
  type TokenizerFolders,
  tokenizerFoldersOf,
} from './single-file-configs.js';

export interface OpenSingleFileOptions {
  /**
   * A folder laid out like diffusers' whose config files take the place of those told from the tensors, each if it is there: `unet/config.json`,
   * `vae/config.json`, `text_encoder/config.json`, `text_encoder_2/config.json`, `scheduler/scheduler_config.json`, `tokenizer/`,
   * `tokenizer_2/`. Absent means the folder beside the file that has its name without the extension, if there is one.
   */
  readonly configFolder?: string;
  /** Another autoencoder: a folder, or a file. Absent means the one in the file. */
  readonly vae?: string;
  /** What the network predicts; absent means what `predictionOf` finds. A scheduler config of the folder goes first. */
  readonly predictionType?: PredictionType;
}

/** A checkpoint in one file, ready for the functions that write graphs. */
export interface SingleFile {
  readonly family: Family;
  /** Whether the denoising network takes a mask and a masked picture as well. */
  readonly inpainting: boolean;
  readonly components: {
    readonly unet: Component;
    /** Absent when the file has none and none is given; so is each text encoder that the file lacks. */
    readonly vae?: Component;
    /** Absent in SDXL's refiner, which has only the second. */
    readonly textEncoder?: Component;
    readonly textEncoder2?: Component;
  };
  /** For `planSampling`. */
  readonly schedulerConfig: unknown;
  readonly tokenizerFolders: TokenizerFolders;
  /** Sentences for the user about what had to be assumed. */
  readonly warnings: readonly string[];
}

/** Latents, their mask, and the latents of the masked picture. */
const inpaintingChannels = 9;

/**
 * Opens a checkpoint of the original layout in one .safetensors file: Stable Diffusion 1, 2, XL and XL's refiner, for inpainting as well.
 * Only headers are read; the weights stay where they are. Family and configs are told from the tensors, unless a config folder says otherwise.
 *
 * @throws ERR_MODEL_FILES_INVALID for a file that is damaged, of another kind (a pickle, another model), or of no published size and without
 * configs
 */
export async function openSingleFile(path: string, options: OpenSingleFileOptions = {}): Promise<SingleFile> {
  const file = await readSafetensorsFile(path);
  const parts = singleFileParts(file.tensors);
  const family = familyOf(path, file.tensors.keys(), parts);
  const folder = await configFolderOf(path, options.configFolder);
  const { vae: ownVae, ...networks } = await openParts(path, folder, family, parts);
  const vae = await vaeOf(options.vae, family, ownVae);

  const inputChannels = parts.unet?.get('conv_in.weight')?.shape[1] ?? 0;
  const prediction: Prediction = options.predictionType
    ? { type: options.predictionType, zeroSnr: file.tensors.has('ztsnr') }
    : await predictionOf(path, file, family, inputChannels);
  const ownScheduler = await existing(folder, join('scheduler', 'scheduler_config.json'));
  return {
    family,
    inpainting: inputChannels === inpaintingChannels,
    components: { ...networks, ...(vae && { vae }) },
    schedulerConfig: ownScheduler
      ? readSchedulerConfig(await readText(ownScheduler), ownScheduler)
      : defaultSchedulerConfig(family, prediction),
    tokenizerFolders: await tokenizerFoldersOf(folder),
    warnings: !ownScheduler && prediction.warning ? [prediction.warning] : [],
  };
}

async function vaeOf(
  path: string | undefined,
  family: Family,
  own: Component | undefined,
): Promise<Component | undefined> {
  if (path === undefined) return own;
  return own ? await openVaeInPlaceOf(path, own) : await openVae(path, family);
}

async function openParts(
  path: string,
  folder: string | undefined,
  family: Family,
  { unet, vae, textEncoder, textEncoder2 }: SingleFileParts,
): Promise<SingleFile['components']> {
  const open = (name: string, tensors: Tensors, derive: (tensors: Tensors, what: string) => unknown) =>
    openPart(path, folder, { name, tensors, derive: (what) => derive(tensors, what) });
  const activation = family === 'stable-diffusion-2' ? 'gelu' : 'quick_gelu';
  return {
    unet: await open('unet', unet!, (tensors, what) => {
      checkSize(path, tensors);
      return deriveUnetConfig(tensors, family, what);
    }),
    ...(vae && {
      vae: await open('vae', vae, (tensors, what) => deriveVaeConfig(tensors, family, what)),
    }),
    ...(textEncoder && {
      textEncoder: await open('text_encoder', textEncoder, (tensors, what) =>
        deriveTextConfig(tensors, activation, what),
      ),
    }),
    ...(textEncoder2 && {
      textEncoder2: await open('text_encoder_2', textEncoder2, (tensors, what) =>
        deriveTextConfig(tensors, 'gelu', what),
      ),
    }),
  };
}

type Tensors = ReadonlyMap<string, TensorLocation>;

function checkSize(path: string, unet: Tensors): void {
  const width = contextWidthOf(unet);
  if (familyOfContext(width) !== undefined) return;
  throw invalidFiles(
    `${path} is of no published size: its denoising network reads text ${width} wide, and not 768, 1024, 2048 or 1280.`,
    'Give a folder with the config files of the model, laid out like a diffusers folder.',
  );
}
