import type { Quantization } from './choose-type.js';
import { layOutGguf } from './gguf-layout.js';
import type { Chosen, Layout } from './layout.js';
import { layOutSafetensors } from './safetensors-layout.js';

/** Where the tensors of a copy go, in the format of its kind. */
export const layOut = (
  chosen: readonly Chosen[],
  metadata: Readonly<Record<string, string>>,
  to: Quantization,
): Layout =>
  to === 'int8'
    ? layOutSafetensors(chosen, metadata)
    : layOutGguf(chosen, metadata, to === 'q8' ? 'Q8_0' : 'Q4_0');
