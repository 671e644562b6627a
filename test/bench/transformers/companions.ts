import type { Shapes } from '../../reference/original-checkpoint.js';
import { clipL, originalVae } from '../../reference/original-checkpoint.js';
import { each, linear } from './models.js';

/** A file that lies beside a transformer in ComfyUI's folders. */
export interface CompanionShapes {
  /** Below the folder of models, without extension. */
  readonly place: string;
  readonly shapes: Shapes;
  /** What is written: blocks of GGUF as the transformer's, or float16. */
  readonly isQuantised: boolean;
}

const plain = (path: string, rows: number, columns: number) => linear(path, rows, columns, false);

/** The encoder of T5, version 1.1 XXL: 4.8 billion weights. */
export function t5Xxl(): Shapes {
  const [width, inner, heads, buckets] = [4096, 10_240, 64, 32];
  return {
    'shared.weight': [32_128, width],
    ...each(24, (block) => {
      const path = `encoder.block.${block}.layer`;
      return {
        ...plain(`${path}.0.SelfAttention.q`, width, width),
        ...plain(`${path}.0.SelfAttention.k`, width, width),
        ...plain(`${path}.0.SelfAttention.v`, width, width),
        ...plain(`${path}.0.SelfAttention.o`, width, width),
        ...(block === 0 && plain(`${path}.0.SelfAttention.relative_attention_bias`, buckets, heads)),
        [`${path}.0.layer_norm.weight`]: [width],
        ...plain(`${path}.1.DenseReluDense.wi_0`, inner, width),
        ...plain(`${path}.1.DenseReluDense.wi_1`, inner, width),
        ...plain(`${path}.1.DenseReluDense.wo`, width, inner),
        [`${path}.1.layer_norm.weight`]: [width],
      };
    }),
    'encoder.final_layer_norm.weight': [width],
  };
}

/** Qwen3 4B. */
function qwen3(): Shapes {
  const [width, inner, head, heads, keyHeads] = [2560, 9728, 128, 32, 8];
  return {
    'model.embed_tokens.weight': [151_936, width],
    ...each(36, (block) => {
      const path = `model.layers.${block}`;
      return {
        ...plain(`${path}.self_attn.q_proj`, heads * head, width),
        ...plain(`${path}.self_attn.k_proj`, keyHeads * head, width),
        ...plain(`${path}.self_attn.v_proj`, keyHeads * head, width),
        ...plain(`${path}.self_attn.o_proj`, width, heads * head),
        [`${path}.self_attn.q_norm.weight`]: [head],
        [`${path}.self_attn.k_norm.weight`]: [head],
        ...plain(`${path}.mlp.gate_proj`, inner, width),
        ...plain(`${path}.mlp.up_proj`, inner, width),
        ...plain(`${path}.mlp.down_proj`, width, inner),
        [`${path}.input_layernorm.weight`]: [width],
        [`${path}.post_attention_layernorm.weight`]: [width],
      };
    }),
    'model.norm.weight': [width],
  };
}

const withoutQuantConvolutions = (shapes: Shapes): Shapes =>
  Object.fromEntries(Object.entries(shapes).filter(([name]) => !/^(post_)?quant_conv\./.test(name)));

const fluxAutoencoder: CompanionShapes = {
  place: 'vae/ae',
  shapes: withoutQuantConvolutions(originalVae(16)),
  isQuantised: false,
};
const qwenEncoder: CompanionShapes = {
  ...{ place: 'text_encoders/qwen_3_4b', shapes: qwen3(), isQuantised: true },
};

/** What the transformer of a model needs beside it, by the model's name. */
export const companionsOf: Readonly<Record<string, readonly CompanionShapes[]>> = {
  flux: [
    { place: 'text_encoders/t5xxl', shapes: t5Xxl(), isQuantised: true },
    { place: 'text_encoders/clip_l', shapes: clipL(), isQuantised: false },
    fluxAutoencoder,
  ],
  'z-image': [qwenEncoder, fluxAutoencoder],
  klein: [
    qwenEncoder,
    {
      ...{ place: 'vae/flux2-vae', isQuantised: false },
      // The statistics of its latents: a mean and a variance for each channel of 2 by 2 latents.
      shapes: { ...originalVae(32), 'bn.running_mean': [128], 'bn.running_var': [128] },
    },
  ],
};
