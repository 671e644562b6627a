import { underscored } from '../../checkpoint/lora-names.js';
import { renamePath } from '../../checkpoint/rename-path.js';
import type { TensorLocation } from '../../checkpoint/safetensors.js';
import { rowParts, withSwappedHalves } from '../components/row-parts.js';
import type { Tensors } from '../single-file-layout.js';

const ends: Readonly<Record<string, string>> = {
  'time_in.in_layer': 'time_text_embed.timestep_embedder.linear_1',
  'time_in.out_layer': 'time_text_embed.timestep_embedder.linear_2',
  'vector_in.in_layer': 'time_text_embed.text_embedder.linear_1',
  'vector_in.out_layer': 'time_text_embed.text_embedder.linear_2',
  'guidance_in.in_layer': 'time_text_embed.guidance_embedder.linear_1',
  'guidance_in.out_layer': 'time_text_embed.guidance_embedder.linear_2',
  txt_in: 'context_embedder',
  img_in: 'x_embedder',
  'final_layer.linear': 'proj_out',
  'distilled_guidance_layer.in_proj': 'distilled_guidance_layer.in_proj',
  'distilled_guidance_layer.out_proj': 'distilled_guidance_layer.out_proj',
};
/** Of a double block's stream of the image, and of the text where it has another name. */
const streamLayers: Readonly<Record<string, readonly [image: string, text: string]>> = {
  'mod.lin': ['norm1.linear', 'norm1_context.linear'],
  'mlp.0': ['ff.net.0.proj', 'ff_context.net.0.proj'],
  'mlp.2': ['ff.net.2', 'ff_context.net.2'],
  'attn.proj': ['attn.to_out.0', 'attn.to_add_out'],
  'attn.norm.query_norm': ['attn.norm_q', 'attn.norm_added_q'],
  'attn.norm.key_norm': ['attn.norm_k', 'attn.norm_added_k'],
};
const singleLayers: Readonly<Record<string, string>> = {
  'modulation.lin': 'norm.linear',
  linear2: 'proj_out',
  'norm.query_norm': 'attn.norm_q',
  'norm.key_norm': 'attn.norm_k',
};
const streamProjections = {
  img: ['to_q', 'to_k', 'to_v'],
  txt: ['add_q_proj', 'add_k_proj', 'add_v_proj'],
} as const;

const lastModulation = 'final_layer.adaLN_modulation.1';

/** The paths of layers, by how they are written with underscores. */
const byUnderscored = (paths: readonly string[]): ReadonlyMap<string, string> =>
  new Map(paths.map((path) => [underscored(path), path]));
const doubleLayers = byUnderscored(
  ['img', 'txt'].flatMap((side) =>
    [...Object.keys(streamLayers), 'attn.qkv'].map((layer) => `${side}_${layer}`),
  ),
);
const singleBlockLayers = byUnderscored([...Object.keys(singleLayers), 'linear1']);
const otherLayers = byUnderscored([...Object.keys(ends), lastModulation]);

/**
 * The path of a layer of Black Forest Labs' model, by how kohya's LoRAs write it, e.g.
 * `double_blocks_0_img_attn_qkv`.
 */
export function originalPathOf(module: string): string | undefined {
  const [, kind, block, layer = ''] = /^(double|single)_blocks_(\d+)_(.+)$/.exec(module) ?? [];
  if (kind === undefined) return otherLayers.get(module);
  const path = (kind === 'double' ? doubleLayers : singleBlockLayers).get(layer);
  return path && `${kind}_blocks.${block}.${path}`;
}

/**
 * The transformer of a file with Black Forest Labs' names (`model.py` of their flux repository), or Chroma's,
 * under the names of diffusers. What has no place there is left out.
 */
export function fluxTensors(tensors: Tensors): Tensors {
  const renamed = new Map<string, TensorLocation>();
  for (const [name, location] of tensors) {
    for (const [path, part] of placesOf(name.replace(/\.scale$/, '.weight'), location))
      renamed.set(path, part);
  }
  return renamed;
}

type Place = readonly [path: string, location: TensorLocation];

function placesOf(name: string, location: TensorLocation): readonly Place[] {
  const [, block, stream, layer, kind] =
    /^double_blocks\.(\d+)\.(img|txt)_(.+)\.(weight|bias|scale_weight|weight_scale)$/.exec(name) ?? [];
  if (block !== undefined) {
    const path = `transformer_blocks.${block}`;
    const side = stream as 'img' | 'txt';
    if (layer === 'attn.qkv') {
      return partsOf(
        location,
        [1, 1, 1],
        streamProjections[side].map((each) => `${path}.attn.${each}.${kind}`),
      );
    }
    const own = streamLayers[layer!]?.[side === 'img' ? 0 : 1];
    return own === undefined ? [] : [[`${path}.${own}.${kind}`, location]];
  }
  const [, single, singleLayer, singleKind] =
    /^single_blocks\.(\d+)\.(.+)\.(weight|bias|scale_weight|weight_scale)$/.exec(name) ?? [];
  if (single !== undefined) {
    const path = `single_transformer_blocks.${single}`;
    if (singleLayer === 'linear1') {
      const layers = ['attn.to_q', 'attn.to_k', 'attn.to_v', 'proj_mlp'];
      return partsOf(
        location,
        [1, 1, 1, 4],
        layers.map((each) => `${path}.${each}.${singleKind}`),
      );
    }
    const own = singleLayers[singleLayer!];
    return own === undefined ? [] : [[`${path}.${own}.${singleKind}`, location]];
  }
  return restOf(name, location);
}

function restOf(name: string, location: TensorLocation): readonly Place[] {
  const modulation = /^final_layer\.adaLN_modulation\.1\.(weight|bias|scale_weight|weight_scale)$/.exec(
    name,
  )?.[1];
  if (modulation) return [[`norm_out.linear.${modulation}`, withSwappedHalves(location)]];
  if (/^distilled_guidance_layer\.(layers|norms)\./.test(name))
    return [[name.replace('.in_layer.', '.linear_1.').replace('.out_layer.', '.linear_2.'), location]];
  const path = renamePath(name, ends);
  return path === undefined ? [] : [[path, location]];
}

function partsOf(location: TensorLocation, shares: readonly number[], paths: readonly string[]): Place[] {
  const parts = rowParts(location, shares);
  return paths.map((path, index) => [path, parts[index]!]);
}
