import type { Components, Family } from '../families/family.js';
import type { TokenizerPlace } from '../tokenizers/tokenizer-place.js';

/**
 * A checkpoint that has been read, of whatever layout: what it is and where its tensors lie. Nothing of it is
 * open.
 */
export interface Checkpoint {
  /** For messages: its folder or file. */
  readonly origin: string;
  readonly family: Family;
  /** Keys of `model_index.json`; of a single file, those of the published model. */
  readonly index: Readonly<Record<string, unknown>>;
  /** Those that there are. */
  readonly components: Components;
  /** Where a tokenizer lies, by the name of its folder in a diffusers checkpoint. */
  tokenizer(name: string): TokenizerPlace;
  /** The parsed `scheduler_config.json`. */
  readonly schedulerConfig: unknown;
  /** What it was read from beside its components. */
  readonly files: readonly string[];
  /** Sentences for the user about what had to be assumed. */
  readonly warnings: readonly string[];
}

/** What a checkpoint may be read with. */
export interface ReadOptions {
  /** Another autoencoder: a folder, or a file. Absent: the checkpoint's own. */
  readonly vae?: string | undefined;
}
