/**
 * The tensors of checkpoints in the original layout, at the sizes of the published models, as the original
 * code makes them: what a mapping to diffusers' names has to cope with, and no weights.
 *
 * @module
 */
import { open } from 'node:fs/promises';

/** Tensors of a checkpoint: their shapes by their names. */
export type Shapes = Record<string, readonly number[]>;

const norm = (name: string, width: number): Shapes => ({
  [`${name}.weight`]: [width],
  [`${name}.bias`]: [width],
});
const layer = (name: string, outputs: number, ...inputs: number[]): Shapes => ({
  [`${name}.weight`]: [outputs, ...inputs],
  [`${name}.bias`]: [outputs],
});
export const prefixed = (prefix: string, shapes: Shapes): Shapes =>
  Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [prefix + name, shape]));

export interface OriginalUnet {
  readonly inputs?: number;
  readonly channels: number;
  readonly multipliers: readonly number[];
  /** Transformer blocks by level; 0 means no attention. */
  readonly depths: readonly number[];
  readonly middleDepth: number;
  readonly context: number;
  /** Width of the vector behind `label_emb`. */
  readonly vector?: number;
  readonly linear: boolean;
}

/**
 * The tensors of `UNetModel` in the order in which ldm/modules/diffusionmodules/openaimodel.py makes them.
 */
export function originalUnet(config: OriginalUnet): Shapes {
  const { inputs = 4, channels, multipliers, depths, middleDepth, context, vector, linear } = config;
  const time = 4 * channels;
  const shapes: Shapes = { ...layer('time_embed.0', time, channels), ...layer('time_embed.2', time, time) };
  const resnet = (name: string, from: number, to: number) =>
    Object.assign(
      shapes,
      norm(`${name}.in_layers.0`, from),
      layer(`${name}.in_layers.2`, to, from, 3, 3),
      layer(`${name}.emb_layers.1`, to, time),
      norm(`${name}.out_layers.0`, to),
      layer(`${name}.out_layers.3`, to, to, 3, 3),
      from === to ? {} : layer(`${name}.skip_connection`, to, from, 1, 1),
    );
  const attention = (name: string, width: number, depth: number) => {
    const kernel = linear ? [] : [1, 1];
    Object.assign(shapes, norm(`${name}.norm`, width));
    Object.assign(
      shapes,
      layer(`${name}.proj_in`, width, width, ...kernel),
      layer(`${name}.proj_out`, width, width, ...kernel),
    );
    for (let block = 0; block < depth; block += 1) {
      const path = `${name}.transformer_blocks.${block}`;
      for (const [attn, from] of [
        ['attn1', width],
        ['attn2', context],
      ] as const) {
        shapes[`${path}.${attn}.to_q.weight`] = [width, width];
        shapes[`${path}.${attn}.to_k.weight`] = [width, from];
        shapes[`${path}.${attn}.to_v.weight`] = [width, from];
        Object.assign(shapes, layer(`${path}.${attn}.to_out.0`, width, width));
      }
      Object.assign(
        shapes,
        layer(`${path}.ff.net.0.proj`, 8 * width, width),
        layer(`${path}.ff.net.2`, width, 4 * width),
      );
      for (const each of [1, 2, 3]) Object.assign(shapes, norm(`${path}.norm${each}`, width));
    }
  };
  if (vector) Object.assign(shapes, layer('label_emb.0.0', time, vector), layer('label_emb.0.2', time, time));
  Object.assign(shapes, layer('input_blocks.0.0', channels, inputs, 3, 3));
  const skips = [channels];
  let width = channels;
  let block = 1;
  for (const [level, multiplier] of multipliers.entries()) {
    for (let each = 0; each < 2; each += 1, block += 1) {
      resnet(`input_blocks.${block}.0`, width, multiplier * channels);
      width = multiplier * channels;
      if (depths[level]) attention(`input_blocks.${block}.1`, width, depths[level]);
      skips.push(width);
    }
    if (level === multipliers.length - 1) continue;
    Object.assign(shapes, layer(`input_blocks.${block}.0.op`, width, width, 3, 3));
    skips.push(width);
    block += 1;
  }
  resnet('middle_block.0', width, width);
  attention('middle_block.1', width, middleDepth);
  resnet('middle_block.2', width, width);
  block = 0;
  for (const level of [...multipliers.keys()].reverse()) {
    for (let each = 0; each < 3; each += 1, block += 1) {
      const to = multipliers[level]! * channels;
      resnet(`output_blocks.${block}.0`, width + skips.pop()!, to);
      width = to;
      if (depths[level]) attention(`output_blocks.${block}.1`, width, depths[level]);
      if (level > 0 && each === 2) {
        Object.assign(
          shapes,
          layer(`output_blocks.${block}.${depths[level] ? 2 : 1}.conv`, width, width, 3, 3),
        );
      }
    }
  }
  return { ...shapes, ...norm('out.0', width), ...layer('out.2', 4, channels, 3, 3) };
}

/** The tensors of a ControlNet for such a UNet by `cldm.py` of lllyasviel/ControlNet. */
export function originalControlNet(config: OriginalUnet): Shapes {
  const unet = originalUnet(config);
  const down = Object.entries(unet).filter(([name]) => !/^(output_blocks|out)\./.test(name));
  const shapes: Shapes = Object.fromEntries(down);
  const widths = [16, 16, 32, 32, 96, 96, 256];
  for (const [index, to] of widths.entries())
    Object.assign(shapes, layer(`input_hint_block.${2 * index}`, to, widths[index - 1] ?? 3, 3, 3));
  Object.assign(shapes, layer('input_hint_block.14', config.channels, 256, 3, 3));
  const blocks =
    1 + Math.max(...Object.keys(unet).map((name) => Number(/^input_blocks\.(\d+)/.exec(name)?.[1] ?? 0)));
  const widthOf = (block: number) =>
    (unet[`input_blocks.${block}.0.out_layers.3.bias`] ??
      unet[`input_blocks.${block}.0.op.bias`] ??
      unet[`input_blocks.${block}.0.bias`])![0]!;
  for (let block = 0; block < blocks; block += 1)
    Object.assign(shapes, layer(`zero_convs.${block}.0`, widthOf(block), widthOf(block), 1, 1));
  const last = widthOf(blocks - 1);
  return { ...shapes, ...layer('middle_block_out.0', last, last, 1, 1) };
}

/**
 * The tensors of `AutoencoderKL` by ldm/modules/diffusionmodules/model.py, at the size that all of Stable
 * Diffusion has.
 *
 * @param channels of its latents: 16 and 32 in FLUX.1's and FLUX.2's, which have the same size
 */
export function originalVae(channels = 4): Shapes {
  const widths = [128, 256, 512, 512];
  const shapes: Shapes = {};
  const resnet = (name: string, from: number, to: number) =>
    Object.assign(
      shapes,
      norm(`${name}.norm1`, from),
      layer(`${name}.conv1`, to, from, 3, 3),
      norm(`${name}.norm2`, to),
      layer(`${name}.conv2`, to, to, 3, 3),
      from === to ? {} : layer(`${name}.nin_shortcut`, to, from, 1, 1),
    );
  const middle = (name: string) => {
    resnet(`${name}.block_1`, 512, 512);
    resnet(`${name}.block_2`, 512, 512);
    Object.assign(shapes, norm(`${name}.attn_1.norm`, 512));
    for (const each of ['q', 'k', 'v', 'proj_out']) {
      Object.assign(shapes, layer(`${name}.attn_1.${each}`, 512, 512, 1, 1));
    }
  };
  Object.assign(
    shapes,
    layer('encoder.conv_in', 128, 3, 3, 3),
    layer('decoder.conv_in', 512, channels, 3, 3),
  );
  let width = 128;
  for (const [level, to] of widths.entries()) {
    resnet(`encoder.down.${level}.block.0`, width, to);
    resnet(`encoder.down.${level}.block.1`, to, to);
    if (level < 3) Object.assign(shapes, layer(`encoder.down.${level}.downsample.conv`, to, to, 3, 3));
    width = to;
  }
  middle('encoder.mid');
  middle('decoder.mid');
  for (const level of [3, 2, 1, 0]) {
    const to = widths[level]!;
    for (const each of [0, 1, 2]) resnet(`decoder.up.${level}.block.${each}`, each === 0 ? width : to, to);
    if (level > 0) Object.assign(shapes, layer(`decoder.up.${level}.upsample.conv`, to, to, 3, 3));
    width = to;
  }
  return {
    ...shapes,
    ...norm('encoder.norm_out', 512),
    ...layer('encoder.conv_out', 2 * channels, 512, 3, 3),
    ...norm('decoder.norm_out', 128),
    ...layer('decoder.conv_out', 3, 128, 3, 3),
    ...layer('quant_conv', 2 * channels, 2 * channels, 1, 1),
    ...layer('post_quant_conv', channels, channels, 1, 1),
  };
}

/** The tensors of transformers' CLIP-L text encoder. */
export function clipL(): Shapes {
  const path = 'text_model.encoder.layers';
  const shapes: Shapes = {
    'text_model.embeddings.position_ids': [1, 77],
    'text_model.embeddings.token_embedding.weight': [49408, 768],
    'text_model.embeddings.position_embedding.weight': [77, 768],
    ...norm('text_model.final_layer_norm', 768),
  };
  for (let block = 0; block < 12; block += 1) {
    for (const each of ['q_proj', 'k_proj', 'v_proj', 'out_proj']) {
      Object.assign(shapes, layer(`${path}.${block}.self_attn.${each}`, 768, 768));
    }
    Object.assign(
      shapes,
      layer(`${path}.${block}.mlp.fc1`, 3072, 768),
      layer(`${path}.${block}.mlp.fc2`, 768, 3072),
    );
    for (const each of [1, 2]) Object.assign(shapes, norm(`${path}.${block}.layer_norm${each}`, 768));
  }
  return shapes;
}

/** The tensors of OpenCLIP's text transformer: H has 24 blocks of 1024, bigG 32 of 1280. */
export function openClip(blocks: number, width: number): Shapes {
  const shapes: Shapes = {
    positional_embedding: [77, width],
    text_projection: [width, width],
    logit_scale: [],
    'token_embedding.weight': [49408, width],
    ...norm('ln_final', width),
  };
  for (let block = 0; block < blocks; block += 1) {
    const path = `transformer.resblocks.${block}`;
    shapes[`${path}.attn.in_proj_weight`] = [3 * width, width];
    shapes[`${path}.attn.in_proj_bias`] = [3 * width];
    Object.assign(
      shapes,
      layer(`${path}.attn.out_proj`, width, width),
      layer(`${path}.mlp.c_fc`, 4 * width, width),
      layer(`${path}.mlp.c_proj`, width, 4 * width),
      norm(`${path}.ln_1`, width),
      norm(`${path}.ln_2`, width),
    );
  }
  return shapes;
}

/**
 * Writes a .safetensors file of float16 tensors without values: a header, and a hole of the size of the data.
 */
export async function writeHollowFile(
  path: string,
  shapes: Shapes,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  let end = 0;
  const entries = Object.entries(shapes).map(([name, shape]) => {
    const begin = end;
    end += 2 * shape.reduce((product, size) => product * size, 1);
    return [name, { dtype: 'F16', shape, data_offsets: [begin, end] }];
  });
  const text = Buffer.from(JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const file = await open(path, 'w');
  try {
    await file.write(Buffer.concat([length, text]));
    await file.truncate(8 + text.length + end);
  } finally {
    await file.close();
  }
}
