import type { DiffusionModel } from '../pipelines/diffusion-model.js';
import type { OpenOptions } from './open-model.js';
import { openSingleFileModel } from './single-file-model.js';
import { openStableDiffusionFolder } from './stable-diffusion-folder.js';

/** Keeps the model that was used last open; another one is opened only after it has been released, so that two never need memory at once. */
export class ModelCache {
  readonly #options: OpenOptions;
  #folder: string | undefined;
  #model: DiffusionModel | undefined;

  constructor(options: OpenOptions) {
    this.#options = options;
  }

  /** The open model of a folder, or of a single .safetensors file; `onLoad` is told when it has to be opened first. */
  async get(folder: string, onLoad: () => void): Promise<{ model: DiffusionModel; isNew: boolean }> {
    if (this.#model && this.#folder === folder) return { model: this.#model, isNew: false };
    onLoad();
    await this.clear();
    const open = folder.endsWith('.safetensors') ? openSingleFileModel : openStableDiffusionFolder;
    this.#model = await open(folder, this.#options);
    this.#folder = folder;
    return { model: this.#model, isNew: true };
  }

  async clear(): Promise<void> {
    const model = this.#model;
    this.#model = undefined;
    await model?.release();
  }
}
