import type { TokenizerPlace } from '../tokenizers/tokenizer-place.js';
import type { Dialect } from './dialects.js';
import type { ExportedNetwork } from './exported-network.js';

/** The exported folder that a component is opened from. */
export interface ExportedSite {
  readonly folder: string;
  /** What the networks of all models may take together, in bytes. */
  readonly memoryBytes: number;
  /** Where a tokenizer lies, by the name of its folder. */
  tokenizer(name: string): TokenizerPlace;
  /** Opens `<part>/model.onnx`. Throws ERR_MODEL_FILES_INVALID for a file that the dialect does not fit. */
  network(part: string, dialect: Dialect): Promise<ExportedNetwork>;
  /** Tells the user a sentence about what had to be assumed. */
  warn(message: string): void;
}
