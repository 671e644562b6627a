import { DerivedShapes } from '../../checkpoint/derived-shapes.js';
import type { CompanionFile, Json, Tensors } from '../single-file-layout.js';
import { readAutoencoderTensors } from './autoencoder-file.js';
import { t5NameOf } from './llama-t5-names.js';
import { type Axis, latentMisfit, widthMisfit } from './misfits.js';
import { clipTensors } from './original-text-names.js';
import { renamed } from './renamed-tensors.js';

const textFolders = ['text_encoders', 'text_encoder', 'clip'];
const clipMark = 'text_model.embeddings.token_embedding.weight';
const vaeMarks = ['decoder.conv_in.weight'];

/** Whether a family reads the projection of a CLIP encoder, which some files have and others not. */
type Reading = 'projected' | 'pooled';

/**
 * CLIP-L or CLIP-G, with the names of transformers.
 *
 * @param reader where the denoising network reads what it writes. Absent: together with that of another
 * encoder
 */
export const clipFile = (
  name: string,
  letter: 'l' | 'g',
  reading: Reading,
  reader?: Axis,
): CompanionFile => ({
  name,
  // OpenAI calls CLIP-L ViT-L/14.
  fileName: new RegExp(`^(.*[-_.])?(clip[-_]?${letter}|vit[-_]?${letter}[-_]?14)([-_.].*)?$`, 'i'),
  example: `clip_${letter}.safetensors`,
  folders: [...textFolders, 'clip_embed'],
  marks: [clipMark],
  componentOf: (tensors) => clipEncoderOf(tensors, reading),
  ...(reader && {
    misfitOf: widthMisfit({
      written: [{ tensor: clipMark, axis: 1 }],
      read: reader,
    }),
  }),
});

/** The encoder of T5, version 1.1 XXL, whose text is read by the layer `context_embedder`. */
export const t5File = (name: string, tokenizer: string): CompanionFile => ({
  name,
  fileName: /^(.*[-_.])?t5([-_.]?v1[-_.]1)?[-_.]?xxl([-_.].*)?$/i,
  example: 't5xxl_fp16.safetensors',
  folders: [...textFolders, 't5_encoder'],
  marks: ['encoder.block.0.layer.0.SelfAttention.q.weight'],
  componentOf: t5EncoderOf,
  misfitOf: widthMisfit({
    written: [
      { tensor: 'shared.weight', axis: 1 },
      { tensor: 'encoder.embed_tokens.weight', axis: 1 },
    ],
    read: { tensor: 'context_embedder.weight', axis: 1 },
  }),
  tokenizer,
});

/** The autoencoder of a Stable Diffusion model. */
export const autoencoderFile = (fileName: RegExp, example: string): CompanionFile => ({
  ...{ name: 'vae', fileName, example, folders: ['vae'], marks: vaeMarks },
  componentOf: readAutoencoderTensors,
});

/**
 * The autoencoder of FLUX.1.
 *
 * @param lastLayer of the transformer that makes its latents
 */
export const fluxAutoencoderFile = (lastLayer = 'proj_out'): CompanionFile => ({
  name: 'vae',
  fileName: /^(ae([-_.].*)?|(.*[-_.])?flux[-_.]?(1[-_.])?(ae|vae).*)$/i,
  example: 'ae.safetensors',
  folders: ['vae'],
  marks: vaeMarks,
  componentOf: readAutoencoderTensors,
  misfitOf: latentMisfit(lastLayer, 2),
});

/** CLIP's tensors, without those that are not read. */
export function clipEncoderOf(tensors: Tensors, reading: Reading): Tensors {
  const unread = reading === 'pooled' ? /^(logit_scale$|text_projection\.)/ : /^logit_scale$/;
  return clipTensors(renamed(tensors, (name) => (unread.test(name) ? undefined : name)));
}

/**
 * T5's encoder with the names of transformers or of llama.cpp, without the decoder that some files have too.
 */
export const t5EncoderOf = (tensors: Tensors): Tensors =>
  renamed(tensors, (name) => (/^(shared\.|encoder\.)/.test(name) ? name : t5NameOf(name)));

/**
 * The config.json of T5's encoder, version 1.1, by its tensors.
 *
 * @throws ERR_MODEL_FILES_INVALID naming a tensor that is missing
 */
export function deriveT5Config(tensors: Tensors, what: string): Json {
  const shapes = new DerivedShapes(tensors, what);
  const table = shapes.has('shared.weight') ? 'shared.weight' : 'encoder.embed_tokens.weight';
  const attention = 'encoder.block.0.layer.0.SelfAttention';
  const heads = shapes.size(`${attention}.relative_attention_bias.weight`, 1);
  return {
    architectures: ['T5EncoderModel'],
    vocab_size: shapes.size(table, 0),
    d_model: shapes.size(table, 1),
    d_kv: shapes.size(`${attention}.q.weight`, 0) / heads,
    d_ff: shapes.size('encoder.block.0.layer.1.DenseReluDense.wi_0.weight', 0),
    num_layers: shapes.count((layer) => `encoder.block.${layer}.layer.0.layer_norm.weight`),
    num_heads: heads,
    relative_attention_num_buckets: shapes.size(`${attention}.relative_attention_bias.weight`, 0),
    feed_forward_proj: 'gated-gelu',
  };
}
