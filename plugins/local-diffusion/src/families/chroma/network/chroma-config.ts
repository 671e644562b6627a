import { z } from 'zod';
import type { Component } from '../../../checkpoint/component.js';
import { count, parseConfig } from '../../../networks/config.js';
import type { FluxBodySizes } from '../../flux/network/flux-body.js';
import { fluxBodyKeys, fluxBodySizes } from '../../flux/network/flux-config.js';

export interface ChromaConfig extends FluxBodySizes {
  /** Numbers that tell the approximator the time and which modulation it is to make. */
  readonly approximatorInputs: number;
  readonly approximatorWidth: number;
  readonly approximatorLayers: number;
}

/** Keys and defaults of `ChromaTransformer2DModel.__init__`. */
export const chromaSchema = z.looseObject({
  ...fluxBodyKeys,
  approximator_num_channels: count.multipleOf(8).default(64),
  approximator_hidden_dim: count.default(5120),
  approximator_layers: count.default(5),
});

/**
 * Reads the config of a `ChromaTransformer2DModel` (diffusers models/transformers/transformer_chroma.py).
 *
 * @throws ERR_MODEL_FILES_INVALID naming the key and value that this engine does not support
 */
export function readChromaConfig(component: Component): ChromaConfig {
  const json = parseConfig(component, chromaSchema);
  return {
    ...fluxBodySizes(component, json),
    approximatorInputs: json.approximator_num_channels,
    approximatorWidth: json.approximator_hidden_dim,
    approximatorLayers: json.approximator_layers,
  };
}
