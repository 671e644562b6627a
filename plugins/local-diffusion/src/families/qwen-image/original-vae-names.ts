import { renamePath } from '../../checkpoint/rename-path.js';
import { renamed, withPrefix } from '../components/renamed-tensors.js';
import type { Tensors } from '../single-file-layout.js';

const mark = 'decoder.upsamples.0.residual.0.gamma';

const ends: Readonly<Record<string, string>> = {
  conv1: 'quant_conv',
  conv2: 'post_quant_conv',
  'encoder.conv1': 'encoder.conv_in',
  'decoder.conv1': 'decoder.conv_in',
  'encoder.head.0': 'encoder.norm_out',
  'decoder.head.0': 'decoder.norm_out',
  'encoder.head.2': 'encoder.conv_out',
  'decoder.head.2': 'decoder.conv_out',
  'encoder.middle.1': 'encoder.mid_block.attentions.0',
  'decoder.middle.1': 'decoder.mid_block.attentions.0',
};

/** Layers of a residual block. */
const residual: readonly (readonly [RegExp, string])[] = [
  [/\.residual\.0\./, '.norm1.'],
  [/\.residual\.2\./, '.conv1.'],
  [/\.residual\.3\./, '.norm2.'],
  [/\.residual\.6\./, '.conv2.'],
  [/\.shortcut\./, '.conv_shortcut.'],
];

/**
 * The autoencoder of a file with Wan's names (`vae2_1.py` of their repository) or with diffusers' already,
 * with or without `vae.` before them, under the names of diffusers. Empty where it has none.
 */
export function wanAutoencoderOf(given: Tensors): Tensors {
  const apart = withPrefix(given, 'vae.');
  const tensors = apart.size > 0 ? apart : given;
  if (tensors.has('decoder.up_blocks.0.resnets.0.norm1.gamma')) return tensors;
  if (!tensors.has(mark)) return new Map();
  const upsampling = levelsOfUpsampling(tensors);
  return renamed(tensors, (name) => pathOf(name, upsampling));
}

/**
 * Where each entry of the decoder's one row of blocks is in diffusers: an entry without residual layers ends
 * its level.
 */
function levelsOfUpsampling(tensors: Tensors): readonly string[] {
  const paths: string[] = [];
  let [level, layer] = [0, 0];
  for (let entry = 0; ; entry += 1) {
    const path = `decoder.upsamples.${entry}`;
    if (tensors.has(`${path}.residual.0.gamma`)) {
      paths.push(`decoder.up_blocks.${level}.resnets.${layer}`);
      layer += 1;
    } else if (tensors.has(`${path}.resample.1.weight`)) {
      paths.push(`decoder.up_blocks.${level}.upsamplers.0`);
      [level, layer] = [level + 1, 0];
    } else {
      return paths;
    }
  }
}

function pathOf(name: string, upsampling: readonly string[]): string | undefined {
  const [, side, place, rest] = /^(encoder|decoder)\.middle\.([02])\.(.+)$/.exec(name) ?? [];
  const [, entry, layer] = /^decoder\.upsamples\.(\d+)\.(.+)$/.exec(name) ?? [];
  const moved =
    place !== undefined
      ? `${side}.mid_block.resnets.${Number(place) / 2}.${rest}`
      : entry !== undefined
        ? `${upsampling[Number(entry)]}.${layer}`
        : /^encoder\.downsamples\./.test(name)
          ? name.replace('downsamples', 'down_blocks')
          : renamePath(name, ends);
  return moved && residual.reduce((path, [pattern, own]) => path.replace(pattern, own), moved);
}
