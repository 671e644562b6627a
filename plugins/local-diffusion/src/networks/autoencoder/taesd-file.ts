import { basename } from 'node:path';
import type { Component } from '../../checkpoint/component.js';
import { invalidFiles } from '../../checkpoint/invalid-files.js';
import { readSafetensors, type TensorLocation } from '../../checkpoint/safetensors.js';

/**
 * A layer in a file: diffusers' `decoder.layers.0.weight`, or TAESD's own `1.weight`, with ComfyUI's prefix
 * or without.
 */
const names =
  /^(?:(?<diffusers>decoder\.layers\.)|(?:taesd_decoder\.|decoder\.)?)(?<layer>\d+)\.(?<rest>.+)$/;

/**
 * Opens TAESD's decoder from one file: `taesd_decoder.safetensors` of its repository, in whose names the
 * limit on latents is layer 0, or the weights of a diffusers folder.
 *
 * @throws ERR_MODEL_FILES_INVALID when it cannot be read or is something else
 */
export async function openTinyDecoderFile(path: string): Promise<Component> {
  const tensors = new Map<string, TensorLocation>();
  for (const [name, location] of await readSafetensors(path)) {
    const { diffusers, layer, rest } = names.exec(name)?.groups ?? {};
    if (rest === undefined) continue;
    tensors.set(`decoder.layers.${Number(layer) - (diffusers ? 0 : 1)}.${rest}`, location);
  }
  const latentChannels = tensors.get('decoder.layers.0.weight')?.shape[1];
  if (latentChannels === undefined) {
    throw invalidFiles(
      `${path} is not a decoder of TAESD: it has no first layer.`,
      "Use taesd_decoder.safetensors, or a folder in diffusers' layout.",
    );
  }
  const blocks = blocksPerLevel(tensors);
  const width = tensors.get('decoder.layers.0.weight')!.shape[0];
  const config = {
    latent_channels: latentChannels,
    num_decoder_blocks: blocks,
    decoder_block_out_channels: blocks.map(() => width),
  };
  return { name: basename(path), configFile: `the config told from ${path}`, config, tensors };
}

/** Blocks lie one after the other; each level ends with a convolution. */
function blocksPerLevel(tensors: ReadonlyMap<string, TensorLocation>): number[] {
  const last = Math.max(...[...tensors.keys()].map((name) => Number(/\d+/.exec(name)?.[0] ?? 0)));
  const levels: number[] = [];
  let blocks = 0;
  for (let layer = 1; layer <= last; layer += 1) {
    if (tensors.has(`decoder.layers.${layer}.conv.0.weight`)) blocks += 1;
    if (!tensors.has(`decoder.layers.${layer}.weight`)) continue;
    levels.push(blocks);
    blocks = 0;
  }
  return levels;
}
