import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Component, openComponent } from '../checkpoint/component.js';
import { deriveVaeConfig } from '../checkpoint/derived-configs.js';
import type { Family } from '../checkpoint/family.js';
import { invalidFiles } from '../checkpoint/invalid-files.js';
import { readSafetensors } from '../checkpoint/safetensors.js';
import { singleFileVae } from '../checkpoint/single-file-parts.js';

export interface OpenVaeOptions {
  /** Of the checkpoint that it is for: a file does not say by how much its latents are scaled. */
  readonly family: Family;
  /** The autoencoder that it replaces, whose config a file takes over; absent means that the config is told from the tensors. */
  readonly like?: Component | undefined;
}

/**
 * Opens an autoencoder that is kept apart from its checkpoint: a diffusers component folder, or one .safetensors file with original or
 * diffusers' names, e.g. vae-ft-mse-840000-ema-pruned.safetensors or sdxl_vae.safetensors.
 *
 * @throws ERR_MODEL_FILES_INVALID when it cannot be read or has no autoencoder
 */
export async function openVae(path: string, { family, like }: OpenVaeOptions): Promise<Component> {
  const isFolder = await stat(path).then(
    (status) => status.isDirectory(),
    () => false,
  );
  if (isFolder) return openComponent(path);
  const tensors = singleFileVae(await readSafetensors(path));
  if (!tensors.has('decoder.conv_in.weight')) {
    throw invalidFiles(`${path} has no autoencoder: no "decoder.conv_in.weight".`);
  }
  const name = basename(path);
  if (like) return { name, configFile: like.configFile, config: like.config, tensors };
  const config = deriveVaeConfig(tensors, family, `the autoencoder ${path}`);
  return { name, configFile: `the config told from ${path}`, config, tensors };
}
