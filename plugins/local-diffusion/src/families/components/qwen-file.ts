import { DerivedShapes } from '../../checkpoint/derived-shapes.js';
import type { CompanionFile, Json, Tensors } from '../single-file-layout.js';
import { qwenNameOf } from './llama-qwen-names.js';
import { widthMisfit } from './misfits.js';
import { renamed } from './renamed-tensors.js';

const textFolders = ['text_encoders', 'text_encoder', 'clip', 'qwen3_encoder'];
const tables = ['model.embed_tokens.weight', 'model.language_model.embed_tokens.weight'];

/**
 * The layer that a denoising network reads text by, and how many states of a token stand side by side in it.
 */
export interface TextReadingLayer {
  readonly path: string;
  readonly states: number;
}

/** A Qwen3 of one of the sizes, e.g. `4b`, as ComfyUI keeps it. Its vocabulary comes with the engine. */
export const qwen3File = (
  name: string,
  layer: TextReadingLayer,
  ...sizes: readonly ('4b' | '8b')[]
): CompanionFile => ({
  name,
  fileName: new RegExp(`^(.*[-_.])?qwen[-_.]?3[-_.](.*[-_.])?(${sizes.join('|')})([-_.].*)?$`, 'i'),
  example: `qwen_3_${sizes[0]}.safetensors`,
  folders: textFolders,
  marks: tables,
  componentOf: qwenEncoderOf,
  misfitOf: (encoder, denoiser) =>
    encoder.has('model.layers.0.self_attn.q_norm.weight')
      ? qwenMisfit(layer)(encoder, denoiser)
      : 'is no Qwen3: its heads have no norms',
});

/** Qwen2.5-VL, likewise. */
export const qwen25File = (name: string, layer: TextReadingLayer): CompanionFile => ({
  name,
  fileName: /^(.*[-_.])?qwen[-_.]?2[-_.]?5[-_.]?vl([-_.].*)?$/i,
  example: 'qwen_2.5_vl_7b.safetensors',
  folders: textFolders,
  marks: tables,
  componentOf: qwenEncoderOf,
  misfitOf: (encoder, denoiser) =>
    /\.self_attn\.q_proj\.bias/.test([...encoder.keys()].join(' '))
      ? qwenMisfit(layer)(encoder, denoiser)
      : 'is no Qwen2.5: its projections have no biases',
});

const qwenMisfit = ({ path, states }: TextReadingLayer) =>
  widthMisfit({
    written: tables.map((tensor) => ({ tensor, axis: 1 })),
    read: { tensor: `${path}.weight`, axis: 1 },
    states,
  });

/**
 * The text model with the names of transformers or of llama.cpp and the vision tower, without what it would
 * answer by.
 */
export const qwenEncoderOf = (tensors: Tensors): Tensors =>
  renamed(tensors, (name) => (/^(model|visual)\./.test(name) ? name : qwenNameOf(name)));

/**
 * The config.json of a Qwen3 by its tensors. What shapes do not tell is that of the published models.
 *
 * @throws ERR_MODEL_FILES_INVALID naming a tensor that is missing
 */
export function deriveQwenConfig(tensors: Tensors, what: string): Json {
  const shapes = new DerivedShapes(tensors, what);
  const attention = 'model.layers.0.self_attn';
  const headWidth = shapes.size(`${attention}.q_norm.weight`, 0);
  return {
    architectures: ['Qwen3ForCausalLM'],
    vocab_size: shapes.size('model.embed_tokens.weight', 0),
    hidden_size: shapes.size('model.embed_tokens.weight', 1),
    intermediate_size: shapes.size('model.layers.0.mlp.gate_proj.weight', 0),
    num_hidden_layers: shapes.count((layer) => `model.layers.${layer}.input_layernorm.weight`),
    num_attention_heads: shapes.size(`${attention}.q_proj.weight`, 0) / headWidth,
    num_key_value_heads: shapes.size(`${attention}.k_proj.weight`, 0) / headWidth,
    head_dim: headWidth,
    rms_norm_eps: 1e-6,
    rope_theta: 1_000_000,
  };
}

/** Of a head, in all published sizes of Qwen2.5-VL. */
const qwen25HeadWidth = 128;

/**
 * The config.json of a Qwen2.5-VL's text model by its tensors, likewise.
 *
 * @throws ERR_MODEL_FILES_INVALID naming a tensor that is missing
 */
export function deriveQwen25Config(tensors: Tensors, what: string): Json {
  const shapes = new DerivedShapes(tensors, what);
  const path = shapes.has('model.language_model.norm.weight') ? 'model.language_model' : 'model';
  const rows = (projection: string) =>
    shapes.size(`${path}.layers.0.self_attn.${projection}.weight`, 0) / qwen25HeadWidth;
  return {
    architectures: ['Qwen2_5_VLForConditionalGeneration'],
    model_type: 'qwen2_5_vl',
    vocab_size: shapes.size(`${path}.embed_tokens.weight`, 0),
    hidden_size: shapes.size(`${path}.embed_tokens.weight`, 1),
    intermediate_size: shapes.size(`${path}.layers.0.mlp.gate_proj.weight`, 0),
    num_hidden_layers: shapes.count((layer) => `${path}.layers.${layer}.input_layernorm.weight`),
    num_attention_heads: rows('q_proj'),
    num_key_value_heads: rows('k_proj'),
    rms_norm_eps: 1e-6,
    rope_theta: 1_000_000,
  };
}
