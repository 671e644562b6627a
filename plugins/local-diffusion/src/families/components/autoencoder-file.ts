import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Component, openComponent } from '../../checkpoint/component.js';
import { invalidFiles } from '../../checkpoint/invalid-files.js';
import { readSafetensors } from '../../checkpoint/safetensors.js';
import type { Family } from '../recognise.js';
import { singleFileVae } from '../single-file-parts.js';
import { deriveVaeConfig } from './derived-configs.js';

/**
 * Opens an autoencoder that is kept apart from its checkpoint: a diffusers component folder, or one .safetensors file with original or
 * diffusers' names, e.g. vae-ft-mse-840000-ema-pruned.safetensors or sdxl_vae.safetensors. The config of a file is told from its tensors.
 *
 * @param family of the checkpoint that it is for: a file does not say by how much its latents are scaled
 * @throws ERR_MODEL_FILES_INVALID when it cannot be read or has no autoencoder
 */
export async function openVae(path: string, family: Family): Promise<Component> {
  if (await isFolder(path)) return openComponent(path);
  const tensors = await readVae(path);
  const config = deriveVaeConfig(tensors, family, `the autoencoder ${path}`);
  return { name: basename(path), configFile: `the config told from ${path}`, config, tensors };
}

/** Like {@link openVae}, in place of another autoencoder, whose config a file takes over. */
export async function openVaeInPlaceOf(path: string, replaced: Component): Promise<Component> {
  if (await isFolder(path)) return openComponent(path);
  const { configFile, config } = replaced;
  return { name: basename(path), configFile, config, tensors: await readVae(path) };
}

async function readVae(path: string): Promise<Component['tensors']> {
  const tensors = singleFileVae(await readSafetensors(path));
  if (tensors.has('decoder.conv_in.weight')) return tensors;
  throw invalidFiles(`${path} has no autoencoder: no "decoder.conv_in.weight".`);
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (status) => status.isDirectory(),
    () => false,
  );
