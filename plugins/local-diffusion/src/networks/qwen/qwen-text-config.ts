import { z } from 'zod';
import type { Component } from '../../checkpoint/component.js';
import { invalidFiles } from '../../checkpoint/invalid-files.js';
import { count, only, parseConfig } from '../config.js';

export interface QwenTextConfig {
  readonly vocabularySize: number;
  readonly width: number;
  readonly feedForwardWidth: number;
  readonly layers: number;
  readonly heads: number;
  /** Heads of keys and values, each for as many heads of queries. */
  readonly keyHeads: number;
  readonly headWidth: number;
  readonly rotaryBase: number;
  readonly epsilon: number;
}

const base = z.number().positive();
const rotary = z.looseObject({ rope_theta: base, rope_type: only('default') });

/**
 * Keys and defaults of `Qwen3Config`; transformers 5 writes the base of the rotary embeddings into
 * `rope_parameters`.
 */
const schema = z.looseObject({
  vocab_size: count.default(151_936),
  hidden_size: count.default(4096),
  intermediate_size: count.default(22_016),
  num_hidden_layers: count.default(32),
  num_attention_heads: count.default(32),
  num_key_value_heads: count.default(32),
  head_dim: count.multipleOf(2).default(128),
  rms_norm_eps: base.default(1e-6),
  rope_theta: base.default(10_000),
  rope_parameters: rotary.nullish(),
  rope_scaling: only(null),
  hidden_act: only('silu'),
  attention_bias: only(false),
  use_sliding_window: only(false),
});

/**
 * Reads the config of a `Qwen3ForCausalLM` (transformers models/qwen3/configuration_qwen3.py).
 *
 * @throws ERR_MODEL_FILES_INVALID naming the key and value that this engine does not support
 */
export function readQwenTextConfig(component: Component): QwenTextConfig {
  const json = parseConfig(component, schema);
  const { num_attention_heads: heads, num_key_value_heads: keyHeads } = json;
  if (heads % keyHeads !== 0) {
    throw invalidFiles(
      `${component.configFile}: "num_key_value_heads" is ${keyHeads}, which does not divide the "num_attention_heads" of ${heads}.`,
    );
  }
  return {
    vocabularySize: json.vocab_size,
    width: json.hidden_size,
    feedForwardWidth: json.intermediate_size,
    layers: json.num_hidden_layers,
    heads,
    keyHeads,
    headWidth: json.head_dim,
    rotaryBase: json.rope_parameters?.rope_theta ?? json.rope_theta,
    epsilon: json.rms_norm_eps,
  };
}
