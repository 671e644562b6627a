import { underscored } from '../../checkpoint/lora-names.js';
import { renamePath } from '../../checkpoint/rename-path.js';
import type { TensorLocation } from '../../checkpoint/safetensors.js';
import { rowParts, withSwappedHalves } from '../components/row-parts.js';
import type { Tensors } from '../single-file-layout.js';

const lastModulation = 'final_layer.adaLN_modulation.1';
const ends: Readonly<Record<string, string>> = {
  'time_in.in_layer': 'time_guidance_embed.timestep_embedder.linear_1',
  'time_in.out_layer': 'time_guidance_embed.timestep_embedder.linear_2',
  'guidance_in.in_layer': 'time_guidance_embed.guidance_embedder.linear_1',
  'guidance_in.out_layer': 'time_guidance_embed.guidance_embedder.linear_2',
  'double_stream_modulation_img.lin': 'double_stream_modulation_img.linear',
  'double_stream_modulation_txt.lin': 'double_stream_modulation_txt.linear',
  'single_stream_modulation.lin': 'single_stream_modulation.linear',
  img_in: 'x_embedder',
  txt_in: 'context_embedder',
  'final_layer.linear': 'proj_out',
  [lastModulation]: 'norm_out.linear',
};
/** Of a double block, by the image's stream and the text's; the fused one is several layers. */
const doubleLayers: Readonly<Record<string, readonly string[]>> = {
  'img_attn.qkv': ['attn.to_q', 'attn.to_k', 'attn.to_v'],
  'txt_attn.qkv': ['attn.add_q_proj', 'attn.add_k_proj', 'attn.add_v_proj'],
  'img_attn.proj': ['attn.to_out.0'],
  'txt_attn.proj': ['attn.to_add_out'],
  'img_attn.norm.query_norm': ['attn.norm_q'],
  'img_attn.norm.key_norm': ['attn.norm_k'],
  'txt_attn.norm.query_norm': ['attn.norm_added_q'],
  'txt_attn.norm.key_norm': ['attn.norm_added_k'],
  'img_mlp.0': ['ff.linear_in'],
  'img_mlp.2': ['ff.linear_out'],
  'txt_mlp.0': ['ff_context.linear_in'],
  'txt_mlp.2': ['ff_context.linear_out'],
};
const singleLayers: Readonly<Record<string, readonly string[]>> = {
  linear1: ['attn.to_qkv_mlp_proj'],
  linear2: ['attn.to_out'],
  'norm.query_norm': ['attn.norm_q'],
  'norm.key_norm': ['attn.norm_k'],
};
const stacks = {
  double_blocks: { path: 'transformer_blocks', layers: doubleLayers },
  single_blocks: { path: 'single_transformer_blocks', layers: singleLayers },
} as const;

/**
 * The transformer of a file with Black Forest Labs' names (`model.py` of their flux2 repository), under the
 * names of diffusers. What has no place there is left out.
 */
export function flux2Tensors(tensors: Tensors): Tensors {
  const renamed = new Map<string, TensorLocation>();
  for (const [name, location] of tensors) {
    for (const [path, part] of placesOf(name.replace(/\.scale$/, '.weight'), location))
      renamed.set(path, part);
  }
  return renamed;
}

type Place = readonly [path: string, location: TensorLocation];

function placesOf(name: string, location: TensorLocation): readonly Place[] {
  const [, stack, block, layer = '', kind] =
    /^(double_blocks|single_blocks)\.(\d+)\.(.+)\.(weight|bias|scale_weight|weight_scale)$/.exec(name) ?? [];
  if (stack === undefined) {
    const path = renamePath(name, ends);
    if (path === undefined) return [];
    const isSwapped = name.startsWith(lastModulation);
    return [[path, isSwapped ? withSwappedHalves(location) : location]];
  }
  const { path, layers } = stacks[stack as keyof typeof stacks];
  const own = layers[layer] ?? [];
  const parts = own.length > 1 ? rowParts(location, [1, 1, 1]) : [location];
  return own.map((each, index) => [`${path}.${block}.${each}.${kind}`, parts[index]!]);
}

/** The original paths of layers, by how LoRAs write them with underscores. */
const byUnderscored = (paths: readonly string[]): ReadonlyMap<string, string> =>
  new Map(paths.map((path) => [underscored(path), path]));
const known = {
  double_blocks: byUnderscored(Object.keys(doubleLayers)),
  single_blocks: byUnderscored(Object.keys(singleLayers)),
};
const otherLayers = byUnderscored(Object.keys(ends));

/**
 * The path of a layer of Black Forest Labs' model, by how LoRAs write it, e.g.
 * `double_blocks_0_img_attn_qkv`.
 */
export function originalPathOf(module: string): string | undefined {
  const [, stack, block, layer = ''] = /^(double_blocks|single_blocks)_(\d+)_(.+)$/.exec(module) ?? [];
  if (stack === undefined) return otherLayers.get(module);
  const path = known[stack as keyof typeof known].get(layer);
  return path && `${stack}.${block}.${path}`;
}
