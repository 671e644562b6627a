import { renamePath } from '../../checkpoint/rename-path.js';

/** Layers of Qwen's text models outside of their blocks, as llama.cpp calls them and as transformers does. */
const single: Readonly<Record<string, string>> = {
  token_embd: 'model.embed_tokens',
  output_norm: 'model.norm',
};

const blockLayers: Readonly<Record<string, string>> = {
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_output: 'self_attn.o_proj',
  attn_q_norm: 'self_attn.q_norm',
  attn_k_norm: 'self_attn.k_norm',
  attn_norm: 'input_layernorm',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
  ffn_norm: 'post_attention_layernorm',
};

/**
 * A name of Qwen2.5's or Qwen3's text model in llama.cpp's GGUF files, as transformers has it; undefined for
 * others.
 */
export function qwenNameOf(name: string): string | undefined {
  const [, block, rest = ''] = /^blk\.(\d+)\.(.+)$/.exec(name) ?? [];
  if (block === undefined) return renamePath(name, single);
  const layer = renamePath(rest, blockLayers);
  return layer && `model.layers.${block}.${layer}`;
}
