import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Component, openComponent } from '../../checkpoint/component.js';
import { invalidFiles } from '../../checkpoint/invalid-files.js';
import { readSafetensors } from '../../checkpoint/safetensors.js';
import type { Json, Tensors } from '../single-file-layout.js';
import { originalVaeLevels, vaePathOf } from './original-vae-names.js';
import { renamed, withPrefix } from './renamed-tensors.js';

/** The autoencoder of a single file, under diffusers' names. Empty where it has none. */
export const autoencoderOf = (tensors: Tensors): Tensors =>
  withDiffusersNames(withPrefix(tensors, 'first_stage_model.'));

/**
 * Opens an autoencoder that is kept apart from its checkpoint: a diffusers component folder, or one .safetensors file with original or
 * diffusers' names, e.g. vae-ft-mse-840000-ema-pruned.safetensors. The config of a file is told from its tensors.
 *
 * @param config of the checkpoint that it is for: a file does not say by how much its latents are scaled
 * @throws ERR_MODEL_FILES_INVALID when it cannot be read or has no autoencoder
 */
export async function openAutoencoder(
  path: string,
  config: (tensors: Tensors, what: string) => Json,
): Promise<Component> {
  if (await isFolder(path)) return openComponent(path);
  const tensors = await readAutoencoder(path);
  return {
    name: basename(path),
    configFile: `the config told from ${path}`,
    config: config(tensors, `the autoencoder ${path}`),
    tensors,
  };
}

/** Like {@link openAutoencoder}, in place of another one, whose config a file takes over. */
export async function openAutoencoderInPlaceOf(path: string, replaced: Component): Promise<Component> {
  if (await isFolder(path)) return openComponent(path);
  const { configFile, config } = replaced;
  return { name: basename(path), configFile, config, tensors: await readAutoencoder(path) };
}

async function readAutoencoder(path: string): Promise<Tensors> {
  const tensors = standaloneOf(await readSafetensors(path));
  if (tensors.has('decoder.conv_in.weight')) return tensors;
  throw invalidFiles(`${path} has no autoencoder: no "decoder.conv_in.weight".`);
}

/** With the prefix that it has in a checkpoint, with none, or with diffusers' names already. */
function standaloneOf(tensors: Tensors): Tensors {
  const prefixed = autoencoderOf(tensors);
  if (prefixed.size > 0) return prefixed;
  const hasDiffusersNames = [...tensors.keys()].some((name) => name.includes('coder.mid_block.'));
  return hasDiffusersNames ? tensors : withDiffusersNames(tensors);
}

function withDiffusersNames(tensors: Tensors): Tensors {
  const levels = originalVaeLevels(tensors.keys());
  return renamed(tensors, (name) => vaePathOf(name, levels));
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (status) => status.isDirectory(),
    () => false,
  );
