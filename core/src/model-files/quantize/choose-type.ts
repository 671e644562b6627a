import { blockElements, type WrittenBlocks } from './codes.js';
import { floatTypes } from './float-types.js';
import type { SourceTensor } from './source-tensors.js';

/** What a smaller copy may be written as. */
export const quantizations = ['q8', 'q4', 'int8'] as const;
export type Quantization = (typeof quantizations)[number];

/** How a tensor is written: as it is, in blocks of GGUF, or as int8 rows with a scale each. */
export type WrittenType = 'as it is' | WrittenBlocks | 'int8 rows';

/** Fewer numbers are not worth a loss (`QUANTIZATION_THRESHOLD` of ComfyUI-GGUF). */
const leastElements = 1024;
/** What convolutions, whose rows are no whole blocks, are regrouped into. Source: ComfyUI-GGUF. */
export const regroupedRow = 256;

/**
 * Small layers at the beginning and the end of networks, which all that is in between depends on, in
 * diffusers' and in published names. Source: the lists of ComfyUI-GGUF and llama-quantize, put together.
 */
const kept = [
  /(^|\.)(img_in|txt_in|time_in|vector_in|guidance_in|final_layer|distilled_guidance_layer)\b/,
  /(^|\.)(time_embed|time_embedding|add_embedding|label_emb|time_text_embed|time_guidance_embed|pos_embed)\b/,
  /(^|\.)(x_embedder|t_embedder|y_embedder|context_embedder|cap_embedder|all_x_embedder|all_final_layer)\b/,
  /^(model\.diffusion_model\.|transformer\.)?(proj_out|norm_out|conv_in|conv_out)\b/,
  /(^|\.)(relative_attention_bias|position_embedding|position_embeddings|text_projection)\b/,
  /^(first_stage_model|vae)\./,
];

/** Tables of tokens: every number of a row counts as it is, and no sum evens out what it lost. */
const tables = /(^|\.)(token_embedding|embed_tokens|shared|tok_embeddings)\.weight$/;

/** How a tensor is written in a copy of some kind. */
export function writtenType({ name, dtype, shape }: SourceTensor, to: Quantization): WrittenType {
  const elements = shape.reduce((product, dimension) => product * dimension, 1);
  const isWorth = floatTypes[dtype] && shape.length >= 2 && elements >= leastElements;
  if (!isWorth || kept.some((pattern) => pattern.test(name))) return 'as it is';
  const isMatrix = shape.length === 2;
  // ComfyUI has int8 of linear layers alone, and no tables.
  if (to === 'int8')
    return isMatrix && name.endsWith('.weight') && !tables.test(name) ? 'int8 rows' : 'as it is';
  if (!isMatrix) return elements % regroupedRow === 0 ? 'Q8_0' : 'as it is';
  if (shape[1]! % blockElements !== 0) return 'as it is';
  return to === 'q4' && !tables.test(name) ? 'Q4_0' : 'Q8_0';
}
