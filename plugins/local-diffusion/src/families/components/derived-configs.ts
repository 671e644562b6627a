import { DerivedShapes, each } from '../../checkpoint/derived-shapes.js';
import type { Json, Tensors } from '../single-file-layout.js';

/** Channels of an attention head where a model does not have a fixed number of heads. */
const headWidth = 64;

/**
 * The config.json of a UNet by its tensors. What shapes do not tell is that of the published models: groups
 * of 32, size embeddings of 256.
 *
 * @param heads of each attention. Absent: as many as there are 64 channels
 * @param what for messages, e.g. `the unet of /models/a.safetensors`
 * @throws ERR_MODEL_FILES_INVALID naming a tensor that is missing
 */
export function deriveUnetConfig(tensors: Tensors, heads: number | undefined, what: string): Json {
  const shapes = new DerivedShapes(tensors, what);
  return {
    ...deriveDownBlocks(shapes, heads),
    _class_name: 'UNet2DConditionModel',
    out_channels: shapes.size('conv_out.weight', 0),
    up_block_types: each(levelsIn(shapes), (level) =>
      hasAttention(shapes, `up_blocks.${level}`) ? 'CrossAttnUpBlock2D' : 'UpBlock2D',
    ),
    ...(shapes.has('time_embedding.cond_proj.weight') && {
      time_cond_proj_dim: shapes.size('time_embedding.cond_proj.weight', 1),
    }),
  };
}

const levelsIn = (shapes: DerivedShapes): number =>
  shapes.count((level) => `down_blocks.${level}.resnets.0.conv1.weight`);
const hasAttention = (shapes: DerivedShapes, path: string): boolean =>
  shapes.has(`${path}.attentions.0.norm.weight`);

/** What the config of a UNet, or of a ControlNet for it, says of its way down and its middle. */
export function deriveDownBlocks(shapes: DerivedShapes, heads: number | undefined): Json {
  const levels = levelsIn(shapes);
  const channels = each(levels, (level) => shapes.size(`down_blocks.${level}.resnets.0.conv1.weight`, 0));
  const depth = (path: string) =>
    shapes.count((layer) => `${path}.attentions.0.transformer_blocks.${layer}.norm1.weight`);
  const middleDepth = depth('mid_block');
  return {
    in_channels: shapes.size('conv_in.weight', 1),
    block_out_channels: channels,
    layers_per_block: shapes.count((layer) => `down_blocks.0.resnets.${layer}.conv1.weight`),
    down_block_types: each(levels, (level) =>
      hasAttention(shapes, `down_blocks.${level}`) ? 'CrossAttnDownBlock2D' : 'DownBlock2D',
    ),
    // The last entry is the middle block's as well.
    transformer_layers_per_block: each(levels, (level) =>
      level === levels - 1 ? middleDepth : Math.max(1, depth(`down_blocks.${level}`)),
    ),
    cross_attention_dim: shapes.size('mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight', 1),
    attention_head_dim: heads ?? channels.map((count) => count / headWidth),
    norm_num_groups: 32,
    norm_eps: 1e-5,
    act_fn: 'silu',
    flip_sin_to_cos: true,
    freq_shift: 0,
    ...(shapes.has('add_embedding.linear_1.weight') && {
      addition_embed_type: 'text_time',
      addition_time_embed_dim: 256,
      projection_class_embeddings_input_dim: shapes.size('add_embedding.linear_1.weight', 1),
    }),
  };
}

/**
 * The config.json of an autoencoder by its tensors. Throws like {@link deriveUnetConfig}.
 *
 * @param scaling by how much its latents are scaled, which no shape tells
 */
export function deriveVaeConfig(tensors: Tensors, scaling: number, what: string): Json {
  const shapes = new DerivedShapes(tensors, what);
  const levels = shapes.count((level) => `decoder.up_blocks.${level}.resnets.0.conv1.weight`);
  const channels = each(levels, (level) =>
    shapes.size(`decoder.up_blocks.${level}.resnets.0.conv1.weight`, 0),
  );
  return {
    _class_name: 'AutoencoderKL',
    in_channels: shapes.has('encoder.conv_in.weight') ? shapes.size('encoder.conv_in.weight', 1) : 3,
    out_channels: shapes.size('decoder.conv_out.weight', 0),
    latent_channels: shapes.size('decoder.conv_in.weight', 1),
    block_out_channels: channels.toReversed(),
    // The decoder has one more than this.
    layers_per_block: shapes.count((layer) => `decoder.up_blocks.0.resnets.${layer}.conv1.weight`) - 1,
    down_block_types: each(levels, () => 'DownEncoderBlock2D'),
    up_block_types: each(levels, () => 'UpDecoderBlock2D'),
    norm_num_groups: 32,
    act_fn: 'silu',
    scaling_factor: scaling,
    use_quant_conv: shapes.has('quant_conv.weight'),
    use_post_quant_conv: shapes.has('post_quant_conv.weight'),
  };
}

/** The config.json of a CLIP text encoder by its tensors. Throws like {@link deriveUnetConfig}. */
export function deriveTextConfig(tensors: Tensors, activation: 'quick_gelu' | 'gelu', what: string): Json {
  const shapes = new DerivedShapes(tensors, what);
  const width = shapes.size('text_model.embeddings.token_embedding.weight', 1);
  const projects = shapes.has('text_projection.weight');
  return {
    architectures: [projects ? 'CLIPTextModelWithProjection' : 'CLIPTextModel'],
    vocab_size: shapes.size('text_model.embeddings.token_embedding.weight', 0),
    hidden_size: width,
    intermediate_size: shapes.size('text_model.encoder.layers.0.mlp.fc1.weight', 0),
    num_hidden_layers: shapes.count((layer) => `text_model.encoder.layers.${layer}.layer_norm1.weight`),
    num_attention_heads: width / headWidth,
    max_position_embeddings: shapes.size('text_model.embeddings.position_embedding.weight', 0),
    ...(projects && { projection_dim: shapes.size('text_projection.weight', 0) }),
    hidden_act: activation,
    layer_norm_eps: 1e-5,
    // All published configs say 2, the legacy mark for "where the largest id is".
    eos_token_id: 2,
  };
}
