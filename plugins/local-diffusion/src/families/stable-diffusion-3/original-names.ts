import { underscored } from '../../checkpoint/lora-names.js';
import { renamePath } from '../../checkpoint/rename-path.js';
import type { TensorLocation } from '../../checkpoint/safetensors.js';
import { rowParts, withSwappedHalves } from '../components/row-parts.js';
import type { Tensors } from '../single-file-layout.js';

const ends: Readonly<Record<string, string>> = {
  'x_embedder.proj': 'pos_embed.proj',
  context_embedder: 'context_embedder',
  't_embedder.mlp.0': 'time_text_embed.timestep_embedder.linear_1',
  't_embedder.mlp.2': 'time_text_embed.timestep_embedder.linear_2',
  'y_embedder.mlp.0': 'time_text_embed.text_embedder.linear_1',
  'y_embedder.mlp.2': 'time_text_embed.text_embedder.linear_2',
  'final_layer.linear': 'proj_out',
};
const imageLayers: Readonly<Record<string, string>> = {
  'attn.proj': 'attn.to_out.0',
  'attn.ln_q': 'attn.norm_q',
  'attn.ln_k': 'attn.norm_k',
  'attn2.proj': 'attn2.to_out.0',
  'attn2.ln_q': 'attn2.norm_q',
  'attn2.ln_k': 'attn2.norm_k',
  'adaLN_modulation.1': 'norm1.linear',
  'mlp.fc1': 'ff.net.0.proj',
  'mlp.fc2': 'ff.net.2',
};
const textLayers: Readonly<Record<string, string>> = {
  'attn.proj': 'attn.to_add_out',
  'attn.ln_q': 'attn.norm_added_q',
  'attn.ln_k': 'attn.norm_added_k',
  'adaLN_modulation.1': 'norm1_context.linear',
  'mlp.fc1': 'ff_context.net.0.proj',
  'mlp.fc2': 'ff_context.net.2',
};

const byUnderscored = (paths: readonly string[]): ReadonlyMap<string, string> =>
  new Map(paths.map((path) => [underscored(path), path]));
const blockLayers = byUnderscored([
  ...Object.keys({ ...imageLayers, ...textLayers }),
  ...['attn.qkv', 'attn2.qkv'],
]);
const otherLayers = byUnderscored([...Object.keys(ends), 'final_layer.adaLN_modulation.1']);

/**
 * The path of a layer of Stability's model, by how kohya's LoRAs write it, e.g.
 * `joint_blocks_0_x_block_attn_qkv`.
 */
export function originalPathOf(module: string): string | undefined {
  const [, block, side, layer = ''] = /^joint_blocks_(\d+)_(x|context)_block_(.+)$/.exec(module) ?? [];
  if (block === undefined) return otherLayers.get(module);
  const path = blockLayers.get(layer);
  return path && `joint_blocks.${block}.${side}_block.${path}`;
}

/**
 * The layers of a transformer that one of Stability's is divided into.
 *
 * @param last number of the last block
 */
export const sd3Parts = (path: string, weight: TensorLocation, last: number): Tensors =>
  new Map(placesOf(`${path}.weight`, weight, last));

/**
 * The transformer of a file with Stability's names (`mmdit.py` of their reference code), under the names of
 * diffusers.
 */
export function sd3Tensors(tensors: Tensors): Tensors {
  const renamed = new Map<string, TensorLocation>();
  const blocks = [...tensors.keys()].map((name) => Number(/^joint_blocks\.(\d+)\./.exec(name)?.[1] ?? -1));
  const last = blocks.reduce((most, each) => Math.max(most, each), -1);
  for (const [name, location] of tensors) {
    for (const [path, part] of placesOf(name, location, last)) renamed.set(path, part);
  }
  return renamed;
}

type Place = readonly [path: string, location: TensorLocation];

/** @param last number of the last block, whose modulation of the text is shift and scale alone */
function placesOf(name: string, location: TensorLocation, last: number): readonly Place[] {
  if (name === 'pos_embed') return [['pos_embed.pos_embed', location]];
  const modulation = /^final_layer\.adaLN_modulation\.1\.(weight|bias|scale_weight|weight_scale)$/.exec(
    name,
  )?.[1];
  if (modulation) return [[`norm_out.linear.${modulation}`, withSwappedHalves(location)]];
  const [, block, side, layer, kind] =
    /^joint_blocks\.(\d+)\.(x|context)_block\.(.+)\.(weight|bias|scale_weight|weight_scale)$/.exec(name) ??
    [];
  if (block === undefined) {
    const path = renamePath(name, ends);
    return path === undefined ? [] : [[path, location]];
  }
  const path = `transformer_blocks.${block}`;
  const fused = /^(attn2?)\.qkv$/.exec(layer!)?.[1];
  if (fused) {
    const projections = side === 'x' ? ['to_q', 'to_k', 'to_v'] : ['add_q_proj', 'add_k_proj', 'add_v_proj'];
    const parts = rowParts(location, [1, 1, 1]);
    return projections.map((each, index) => [`${path}.${fused}.${each}.${kind}`, parts[index]!]);
  }
  const own = (side === 'x' ? imageLayers : textLayers)[layer!];
  if (own === undefined) return [];
  const isSwapped = Number(block) === last && own === 'norm1_context.linear';
  return [[`${path}.${own}.${kind}`, isSwapped ? withSwappedHalves(location) : location]];
}
