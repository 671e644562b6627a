import { invalidFiles } from '../../checkpoint/invalid-files.js';
import { readTensorFile } from '../../checkpoint/tensor-file.js';
import type { Tensors } from '../single-file-layout.js';
import { originalVaeLevels, vaePathOf } from './original-vae-names.js';
import { renamed, withPrefix } from './renamed-tensors.js';

/** How the names of an autoencoder begin in checkpoints: in ComfyUI's, and in those of Stable Diffusion. */
const prefixes = ['vae.', 'first_stage_model.'];

/** The autoencoder of a single file, under diffusers' names. Empty where it has none. */
export function autoencoderOf(tensors: Tensors): Tensors {
  const found = prefixes.map((prefix) => withPrefix(tensors, prefix)).find(({ size }) => size > 0);
  return withDiffusersNames(found ?? new Map());
}

/**
 * Reads an autoencoder that is kept apart from its checkpoint in one .safetensors file, e.g.
 * vae-ft-mse-840000-ema-pruned.safetensors: with the names that it has in a checkpoint, with the same and no
 * prefix or `vae.`, or with diffusers' names already.
 *
 * @throws ERR_MODEL_FILES_INVALID when the file cannot be read or has no autoencoder
 */
export async function readAutoencoderFile(path: string): Promise<Tensors> {
  const tensors = readAutoencoderTensors((await readTensorFile(path)).tensors);
  if (tensors.has('decoder.conv_in.weight')) return tensors;
  throw invalidFiles(`${path} has no autoencoder: no "decoder.conv_in.weight".`);
}

/** The same of tensors that have been read: empty where there is no autoencoder among them. */
export function readAutoencoderTensors(given: Tensors): Tensors {
  const apart = withPrefix(given, 'vae.');
  const tensors = apart.size > 0 ? apart : given;
  const prefixed = autoencoderOf(tensors);
  if (prefixed.size > 0) return prefixed;
  const hasDiffusersNames = [...tensors.keys()].some((name) => name.includes('coder.mid_block.'));
  return hasDiffusersNames ? tensors : withDiffusersNames(tensors);
}

function withDiffusersNames(tensors: Tensors): Tensors {
  const levels = originalVaeLevels(tensors.keys());
  return renamed(tensors, (name) => vaePathOf(name, levels));
}
