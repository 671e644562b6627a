import type { SafetensorsFile, TensorLocation } from '../checkpoint/safetensors.js';
import type { PredictionType } from './prediction-type.js';

export type Tensors = ReadonlyMap<string, TensorLocation>;
export type Json = Readonly<Record<string, unknown>>;

/** How the models of a family lie in one .safetensors file, with the names that they were trained with. */
export interface SingleFileLayout {
  /** A tensor that each file has, for messages about files that are something else. */
  readonly mark: string;
  /**
   * Looks whether a file is of the family.
   *
   * @param path for messages
   * @throws ERR_MODEL_FILES_INVALID for a file that is nearly one, and not supported
   */
  recognise(path: string, tensors: Tensors): RecognisedFile | undefined;
  /**
   * Takes a file apart: tensors under the names of diffusers and transformers, by component. What a file
   * lacks is absent.
   */
  componentsOf(tensors: Tensors): ReadonlyMap<string, Tensors>;
  /** Files that have what a file of the denoising network alone lacks. Absent: there are none. */
  readonly companions?: readonly CompanionFile[];
}

/** A part of a model that programs keep in a file of its own, beside that of the denoising network. */
export interface CompanionFile {
  /** Its component. */
  readonly name: string;
  /** How its file is called, without folder and extension. */
  readonly fileName: RegExp;
  /** For messages, e.g. `clip_l.safetensors`. */
  readonly example: string;
  /** Folders beside that of the network, or beside its parent, which programs keep it in. */
  readonly folders: readonly string[];
  /** Its tensors under the names of diffusers and transformers. */
  componentOf(tensors: Tensors): Tensors;
  /** Tensors one of which each such component has, under those names. */
  readonly marks: readonly string[];
  /**
   * Why such a component does not go with a denoising network, as the end of a sentence about it; undefined
   * where nothing shows. With it files of any name are looked at where none is called so.
   *
   * @param denoiser its tensors under the names of diffusers
   */
  misfitOf?(component: Tensors, denoiser: Tensors): string | undefined;
  /**
   * Folder, in a diffusers checkpoint, of the tokenizer that belongs to it and that no file of tensors has.
   * Absent: it needs none.
   */
  readonly tokenizer?: string;
}

/** What a file was recognised as. */
export interface RecognisedFile {
  readonly variant: FileVariant;
  /**
   * Whether its sizes are those of the published model; a file that any family is certain of is of that
   * family.
   */
  readonly isCertain: boolean;
}

/** One of the models of a family, with what its single files do not say and a diffusers folder does. */
export interface FileVariant {
  /** For messages, e.g. `Stable Diffusion 2`. */
  readonly title: string;
  /** Keys of its `model_index.json`. */
  readonly index: Json;
  /**
   * The `config.json` of each component by its tensors. The second argument is for messages, e.g.
   * `the unet of /models/a.safetensors`. They throw ERR_MODEL_FILES_INVALID naming a tensor that is missing.
   */
  readonly configs: Readonly<Record<string, (tensors: Tensors, what: string) => Json>>;
  /** Names of the vocabularies that come with the engine, by the names of the tokenizers' folders. */
  readonly tokenizers: Readonly<Record<string, string>>;
  /**
   * What a file says of its components that no shape and no other file of the kind does, over the configs
   * told from tensors. Absent: nothing.
   */
  statedConfigs?(file: SafetensorsFile): Promise<Readonly<Record<string, Json>>>;
  /**
   * Its `scheduler_config.json`, and a sentence for the user where something had to be assumed.
   *
   * @param told what its denoising network predicts, where that was said apart
   */
  schedulerConfig(
    path: string,
    file: SafetensorsFile,
    told: PredictionType | undefined,
  ): Promise<{ readonly config: Json; readonly warning?: string }>;
}
