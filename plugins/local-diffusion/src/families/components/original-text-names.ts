import { invalidFiles } from '../../checkpoint/invalid-files.js';
import { renamePath } from '../../checkpoint/rename-path.js';
import type { TensorLocation } from '../../checkpoint/safetensors.js';
import { rowsOf } from '../../checkpoint/tensor-rows.js';

type Tensors = ReadonlyMap<string, TensorLocation>;

/**
 * OpenCLIP's layers outside of its blocks; what is missing here (`logit_scale`, `attn_mask`) does not encode
 * text.
 */
const single: Readonly<Record<string, string>> = {
  'token_embedding.weight': 'text_model.embeddings.token_embedding.weight',
  positional_embedding: 'text_model.embeddings.position_embedding.weight',
  ln_final: 'text_model.final_layer_norm',
};

const blockLayers: Readonly<Record<string, string>> = {
  ln_1: 'layer_norm1',
  ln_2: 'layer_norm2',
  'mlp.c_fc': 'mlp.fc1',
  'mlp.c_proj': 'mlp.fc2',
  'attn.out_proj': 'self_attn.out_proj',
};

/**
 * The tensors of OpenCLIP's text transformer under transformers' names. Its `in_proj` holds the rows of
 * query, key and value one after the other, so each is a stretch of the file; its `text_projection` is used
 * from the right, so it is the transpose of a linear layer's weight.
 *
 * @param tensors by names without prefix, e.g. `transformer.resblocks.0.ln_1.weight`
 * @param options.blocks how many blocks to take; absent means all
 * @param options.projection whether the network that is made of them projects the pooled text
 */
export function openClipTensors(
  tensors: Tensors,
  { blocks, projection }: { readonly blocks?: number; readonly projection: boolean },
): Map<string, TensorLocation> {
  const renamed = new Map<string, TensorLocation>();
  for (const [name, location] of tensors) {
    const [, block, rest = ''] = /^transformer\.resblocks\.(\d+)\.(.+)$/.exec(name) ?? [];
    if (block === undefined) {
      const path = renamePath(name, single);
      if (path !== undefined) renamed.set(path, location);
      else if (projection) addProjection(renamed, name, location);
    } else if (blocks === undefined || Number(block) < blocks) {
      addBlockTensor(renamed, `text_model.encoder.layers.${block}`, rest, location);
    }
  }
  return renamed;
}

function addBlockTensor(
  renamed: Map<string, TensorLocation>,
  layer: string,
  rest: string,
  location: TensorLocation,
): void {
  const fused = /^attn\.in_proj_(weight|bias)$/.exec(rest)?.[1];
  if (fused === undefined) {
    const path = renamePath(rest, blockLayers);
    if (path !== undefined) renamed.set(`${layer}.${path}`, location);
    return;
  }
  for (const [index, projection] of ['q_proj', 'k_proj', 'v_proj'].entries()) {
    renamed.set(`${layer}.self_attn.${projection}.${fused}`, third(location, index));
  }
}

function third(location: TensorLocation, index: number): TensorLocation {
  const [rows = 0] = location.shape;
  if (rows === 0 || rows % 3 !== 0) {
    throw invalidFiles(
      `${location.file}: an "in_proj" has the shape [${location.shape}], which is not that of three projections.`,
    );
  }
  return rowsOf(location, (index * rows) / 3, rows / 3);
}

function addProjection(renamed: Map<string, TensorLocation>, name: string, location: TensorLocation): void {
  if (name === 'text_projection.weight') renamed.set(name, location);
  if (name !== 'text_projection') return;
  renamed.set('text_projection.weight', {
    ...location,
    shape: location.shape.toReversed(),
    transposed: true,
  });
}

/**
 * The tensors of a text encoder of transformers inside a single file, which keeps their names. In some
 * files they lack `text_model`.
 *
 * @param tensors by names without prefix
 */
export function clipTensors(tensors: Tensors): Map<string, TensorLocation> {
  const entries = [...tensors].map(
    ([name, location]) =>
      [/^(text_model|text_projection)\./.test(name) ? name : `text_model.${name}`, location] as const,
  );
  return new Map(entries.filter(([name]) => !name.endsWith('.position_ids')));
}
