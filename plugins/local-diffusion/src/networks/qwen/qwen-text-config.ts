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
  /** Whether queries and keys are normed, head by head: Qwen3. */
  readonly normsHeads: boolean;
  /** Whether the projections to queries, keys and values add one: Qwen2.5. */
  readonly hasBiases: boolean;
  /** How many of the rotary frequencies go by each axis of a position: time, row, column. */
  readonly sections: readonly number[];
  /** Of the layers' names, e.g. `model`. */
  readonly path: string;
}

const base = z.number().positive();
const sections = z.tuple([count, count, count]).optional();
const rotary = z.looseObject({ rope_theta: base, rope_type: only('default'), mrope_section: sections });

/** Keys that both have; transformers 5 writes the base of the rotary embeddings into `rope_parameters`. */
const keys = {
  vocab_size: count.default(151_936),
  hidden_size: count.default(4096),
  intermediate_size: count.default(22_016),
  num_hidden_layers: count.default(32),
  num_attention_heads: count.default(32),
  num_key_value_heads: count.default(32),
  rms_norm_eps: base.default(1e-6),
  rope_theta: base.default(10_000),
  rope_parameters: rotary.nullish(),
  hidden_act: only('silu'),
  use_sliding_window: only(false),
};

/** Keys and defaults of `Qwen3Config`. */
const qwen3 = z.looseObject({
  ...keys,
  head_dim: count.multipleOf(2).default(128),
  rope_scaling: only(null),
  attention_bias: only(false),
});

/**
 * Keys and defaults of `Qwen2_5_VLTextConfig`. Its positions are told on three axes, which agree for text.
 */
const qwen25 = z.looseObject({
  ...keys,
  vocab_size: count.default(152_064),
  hidden_size: count.default(8192),
  intermediate_size: count.default(29_568),
  num_hidden_layers: count.default(80),
  num_attention_heads: count.default(64),
  num_key_value_heads: count.default(8),
  rope_theta: base.default(1_000_000),
  rope_scaling: z
    .looseObject({ type: z.enum(['default', 'mrope']).optional(), mrope_section: sections })
    .nullish(),
});

const publishedSections = [16, 24, 24];

const vision = z.looseObject({ model_type: z.literal('qwen2_5_vl') });
const withTextConfig = z.looseObject({ text_config: z.looseObject({}) });

/** Whether a component is a `Qwen2_5_VLForConditionalGeneration`. */
const isQwen25 = ({ config }: Component): boolean => vision.safeParse(config).success;

/**
 * Reads the config of a `Qwen3ForCausalLM` (transformers models/qwen3/configuration_qwen3.py), or of the text
 * model of a `Qwen2_5_VLForConditionalGeneration` (models/qwen2_5_vl/configuration_qwen2_5_vl.py).
 *
 * @throws ERR_MODEL_FILES_INVALID naming the key and value that this engine does not support
 */
export function readQwenTextConfig(component: Component): QwenTextConfig {
  return isQwen25(component) ? readQwen25(component) : readQwen3(component);
}

function readQwen3(component: Component): QwenTextConfig {
  const json = parseConfig(component, qwen3);
  return {
    ...sizesOf(component, json),
    ...{ headWidth: json.head_dim, normsHeads: true, hasBiases: false, path: 'model' },
    sections: [json.head_dim / 2],
  };
}

function readQwen25(component: Component): QwenTextConfig {
  // Some exports have the keys of the text model apart, some beside the others, some both.
  const apart = withTextConfig.safeParse(component.config);
  const config = apart.success ? apart.data.text_config : component.config;
  const json = parseConfig({ ...component, config }, qwen25);
  const headWidth = json.hidden_size / json.num_attention_heads;
  if (headWidth % 2 !== 0) {
    throw invalidFiles(
      `${component.configFile}: "hidden_size" is ${json.hidden_size}, which "num_attention_heads" of ${json.num_attention_heads} do not divide into even parts.`,
    );
  }
  const isNewer = component.tensors.has('model.language_model.embed_tokens.weight');
  const path = isNewer ? 'model.language_model' : 'model';
  const sections =
    json.rope_parameters?.mrope_section ?? json.rope_scaling?.mrope_section ?? publishedSections;
  if (sections.reduce((sum, each) => sum + each, 0) !== headWidth / 2) {
    throw invalidFiles(
      `${component.configFile}: "mrope_section" is [${sections}], which does not add up to half of a head of ${headWidth}.`,
    );
  }
  return { ...sizesOf(component, json), headWidth, normsHeads: false, hasBiases: true, sections, path };
}

const keySchema = z.object(keys);

function sizesOf(component: Component, json: z.output<typeof keySchema>) {
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
    rotaryBase: json.rope_parameters?.rope_theta ?? json.rope_theta,
    epsilon: json.rms_norm_eps,
  };
}
