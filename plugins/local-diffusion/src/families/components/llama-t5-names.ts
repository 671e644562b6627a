import { renamePath } from '../../checkpoint/rename-path.js';

/** Layers of T5's encoder outside of its blocks, as llama.cpp calls them and as transformers does. */
const single: Readonly<Record<string, string>> = {
  token_embd: 'shared',
  'enc.output_norm': 'encoder.final_layer_norm',
};

const attention = 'layer.0.SelfAttention';
const feedForward = 'layer.1.DenseReluDense';
const blockLayers: Readonly<Record<string, string>> = {
  attn_q: `${attention}.q`,
  attn_k: `${attention}.k`,
  attn_v: `${attention}.v`,
  attn_o: `${attention}.o`,
  attn_rel_b: `${attention}.relative_attention_bias`,
  attn_norm: 'layer.0.layer_norm',
  ffn_gate: `${feedForward}.wi_0`,
  ffn_up: `${feedForward}.wi_1`,
  ffn_down: `${feedForward}.wo`,
  ffn_norm: 'layer.1.layer_norm',
};

/**
 * A name of T5's encoder in llama.cpp's GGUF files, as transformers has it; undefined for others, such as
 * those of a decoder.
 */
export function t5NameOf(name: string): string | undefined {
  const [, block, rest = ''] = /^enc\.blk\.(\d+)\.(.+)$/.exec(name) ?? [];
  if (block === undefined) return renamePath(name, single);
  const layer = renamePath(rest, blockLayers);
  return layer && `encoder.block.${block}.${layer}`;
}
