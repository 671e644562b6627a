import type { Component } from '../checkpoint/component.js';
import type { ExportedSite } from '../exported/exported-site.js';
import type { NetworkPlace } from '../session/network-group.js';
import type { TokenizerPlace } from '../tokenizers/tokenizer-place.js';
import type { Tensors } from './single-file-layout.js';

/**
 * A kind of network that families are made of, such as a UNet or a text encoder, and how it is made ready to
 * run.
 */
export interface ComponentKind<Part> {
  /** Over the tensors of a checkpoint, as they lie. */
  mount(component: Component, site: MountSite): Part | Promise<Part>;
  /**
   * Tensors of a component's folder under the names that `mount` reads, where some versions of the library
   * that wrote it have others. Absent: all have the same.
   */
  named?(tensors: Tensors): Tensors;
  /**
   * Tensors of a .safetensors file that has only such a component, under the names of diffusers. Absent: it
   * is not taken from files of its own.
   *
   * @throws ERR_MODEL_FILES_INVALID for a file that cannot be read or has no such component
   */
  readFile?(path: string): Promise<Tensors>;
  /**
   * From a folder that somebody has exported to ONNX. Absent: such a folder of a family with this kind is
   * refused.
   */
  readonly exported?: ExportedKind<Part>;
}

/** What a component of a checkpoint is mounted into. */
export interface MountSite {
  readonly networks: NetworkPlace;
  /** Where networks go that make images of latents: in int8 where the model is computed so. */
  readonly decoders: NetworkPlace;
  /** What such a network holds at once beside its weights, for each pixel of the image. */
  readonly decoderPixelBytes: number;
  /** Where a tokenizer lies, by the name of its folder in a diffusers checkpoint. */
  tokenizer(name: string): TokenizerPlace;
}

/** How a component is opened from ONNX files. Its name is that of its folder in a diffusers checkpoint. */
export interface ExportedKind<Part> {
  /** Folders that it reads, below that of the model. */
  folders(name: string): readonly string[];
  /** Files that it cannot do without, below the folder of the model. */
  requiredFiles(name: string): readonly string[];
  open(name: string, site: ExportedSite): Promise<Part>;
}

/** Where a family gets its components from: a folder, a single file, or an export of somebody else. */
export interface ComponentSource {
  /** For messages: the folder or file. */
  readonly origin: string;
  /** Keys of `model_index.json`; for a single file, those of the published model. */
  readonly index: Readonly<Record<string, unknown>>;
  has(name: string): boolean;
  /** Components that are ControlNets. Absent: there are none. */
  readonly controlNets?: readonly string[];
  /**
   * @throws ERR_MODEL_FILES_INVALID for files that are missing or damaged, and configs that are not supported
   */
  open<Part>(name: string, kind: ComponentKind<Part>): Promise<Part>;
}
