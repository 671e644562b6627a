import { renamePath } from '../../checkpoint/rename-path.js';

/** Layers outside of the levels: the original name and diffusers'. */
const single: Readonly<Record<string, string>> = {
  'time_embed.0': 'time_embedding.linear_1',
  'time_embed.2': 'time_embedding.linear_2',
  'time_embed.cond_proj': 'time_embedding.cond_proj',
  'label_emb.0.0': 'add_embedding.linear_1',
  'label_emb.0.2': 'add_embedding.linear_2',
  'input_blocks.0.0': 'conv_in',
  'middle_block.0': 'mid_block.resnets.0',
  'middle_block.1': 'mid_block.attentions.0',
  'middle_block.2': 'mid_block.resnets.1',
  'out.0': 'conv_norm_out',
  'out.2': 'conv_out',
};

const resnetLayers: Readonly<Record<string, string>> = {
  'in_layers.0': 'norm1',
  'in_layers.2': 'conv1',
  'emb_layers.1': 'time_emb_proj',
  'out_layers.0': 'norm2',
  'out_layers.3': 'conv2',
  skip_connection: 'conv_shortcut',
};

/**
 * How many residual blocks a level has on the way down, by the first downsampler among the original names.
 * @returns all blocks where there is no downsampler
 */
export function originalLayersPerLevel(names: Iterable<string>): number {
  let last = 0;
  let firstDownsampler = Number.POSITIVE_INFINITY;
  for (const name of names) {
    const [, block, layer] = /^input_blocks\.(\d+)\.(\d+\.\w+)/.exec(name) ?? [];
    last = Math.max(last, Number(block ?? 0));
    if (layer === '0.op') firstDownsampler = Math.min(firstDownsampler, Number(block));
  }
  return Math.max(1, Math.min(last, firstDownsampler - 1));
}

/**
 * The diffusers path of a layer or tensor of the original UNet (`openaimodel.py` of Stability's
 * stablediffusion and generative-models), which counts its blocks through all levels where diffusers counts
 * by level.
 *
 * @param path without the prefix `model.diffusion_model.`, e.g. `input_blocks.4.1.proj_in.weight`
 * @param layers residual blocks a level on the way down
 * @returns `undefined` for a path that no UNet of diffusers has
 */
export function unetPathOf(path: string, layers: number): string | undefined {
  const [, side, blockText, part, rest = ''] = /^(input|output)_blocks\.(\d+)\.(\d+)\.(.+)$/.exec(path) ?? [];
  const block = Number(blockText);
  if (side === undefined || (side === 'input' && block === 0)) {
    const renamed = renamePath(path, single);
    return renamed?.replace(/^(mid_block\.resnets\.\d+)\.(.+)$/, (_all, resnet: string, layer: string) =>
      [resnet, renamePath(layer, resnetLayers) ?? layer].join('.'),
    );
  }
  // On the way down each level ends with its downsampler, a block of its own; on the way up the last block
  // has the upsampler in it.
  const first = side === 'input' ? block - 1 : block;
  const level = `${side === 'input' ? 'down' : 'up'}_blocks.${Math.floor(first / (layers + 1))}`;
  const layer = first % (layers + 1);
  if (side === 'input' && layer === layers) {
    const sampler = renamePath(rest, { op: 'downsamplers.0.conv' });
    return sampler && `${level}.${sampler}`;
  }
  const upsampler =
    side === 'output' && part !== '0' ? renamePath(rest, { conv: 'upsamplers.0.conv' }) : undefined;
  if (upsampler) return `${level}.${upsampler}`;
  if (part === '1') return `${level}.attentions.${layer}.${rest}`;
  const resnetLayer = part === '0' ? renamePath(rest, resnetLayers) : undefined;
  return resnetLayer && `${level}.resnets.${layer}.${resnetLayer}`;
}
