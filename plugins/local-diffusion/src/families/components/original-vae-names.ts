import { renamePath } from '../../checkpoint/rename-path.js';

const ends: Readonly<Record<string, string>> = {
  norm_out: 'conv_norm_out',
  'mid.block_1': 'mid_block.resnets.0',
  'mid.block_2': 'mid_block.resnets.1',
  'mid.attn_1.norm': 'mid_block.attentions.0.group_norm',
  'mid.attn_1.q': 'mid_block.attentions.0.to_q',
  'mid.attn_1.k': 'mid_block.attentions.0.to_k',
  'mid.attn_1.v': 'mid_block.attentions.0.to_v',
  'mid.attn_1.proj_out': 'mid_block.attentions.0.to_out.0',
  conv_in: 'conv_in',
  conv_out: 'conv_out',
};

/** The number of levels among the original names of an autoencoder: 4 in all that are published. */
export function originalVaeLevels(names: Iterable<string>): number {
  let levels = 0;
  for (const name of names) {
    const level = /^(?:encoder\.down|decoder\.up)\.(\d+)\./.exec(name)?.[1];
    if (level !== undefined) levels = Math.max(levels, Number(level) + 1);
  }
  return levels;
}

/**
 * The diffusers path of a tensor of the original autoencoder (`model.py` of latent-diffusion): there the
 * decoder's levels are numbered from the picture, in diffusers from the latents.
 *
 * @param path without the prefix `first_stage_model.`, e.g. `decoder.up.3.block.0.conv1.weight`
 * @param levels of the encoder and of the decoder
 * @returns `undefined` for a path that diffusers has no place for, such as those of a discriminator
 */
export function vaePathOf(path: string, levels: number): string | undefined {
  // FLUX.2's autoencoder has them inside of encoder and decoder, and statistics of its latents.
  const own = /^(?:encoder\.|decoder\.)?((?:post_)?quant_conv\..+|bn\..+)$/.exec(path)?.[1];
  if (own !== undefined) return own;
  const [, side, rest = ''] = /^(encoder|decoder)\.(.+)$/.exec(path) ?? [];
  if (side === undefined) return undefined;
  const [, levelText, layer = ''] = /^(?:down|up)\.(\d+)\.(.+)$/.exec(rest) ?? [];
  if (levelText === undefined) {
    const renamed = renamePath(rest, ends);
    return renamed && `${side}.${renamed.replace('.nin_shortcut.', '.conv_shortcut.')}`;
  }
  const level =
    side === 'encoder' ? `down_blocks.${levelText}` : `up_blocks.${levels - 1 - Number(levelText)}`;
  const renamed = layer
    .replace(/^block\./, 'resnets.')
    .replace('.nin_shortcut.', '.conv_shortcut.')
    .replace(/^(down|up)sample\./, '$1samplers.0.');
  return `${side}.${level}.${renamed}`;
}
