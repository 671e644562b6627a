import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { invalidFiles } from '../../checkpoint/invalid-files.js';
import { readJson } from '../../checkpoint/read-file.js';

const schema = z.looseObject({
  scaling_factor: z.number().positive().default(0.18215),
  shift_factor: z.number().nullable().default(null),
  latent_channels: z.int().positive().default(4),
  block_out_channels: z.array(z.int().positive()).min(1).default([128, 256, 512, 512]),
});

export interface ExportedVaeConfig {
  readonly scaling: number;
  readonly shift: number;
  readonly latentChannels: number;
  /** Pixels a latent, along an edge. */
  readonly factor: number;
  /** A sentence where the file did not say by how much latents are scaled. */
  readonly warnings: readonly string[];
}

/**
 * Reads `vae_decoder/config.json`; where it is not there, or does not say, Stable Diffusion's own numbers hold.
 *
 * @throws ERR_MODEL_FILES_INVALID for a file that is not valid
 */
export async function readExportedVaeConfig(folder: string): Promise<ExportedVaeConfig> {
  const file = join(folder, 'vae_decoder', 'config.json');
  const isThere = await readFile(file).then(
    () => true,
    () => false,
  );
  const parsed = schema.safeParse(isThere ? await readJson(file) : {});
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalidFiles(`${file}: "${issue?.path.join('.')}" is not valid: ${issue?.message}.`);
  }
  const { scaling_factor: scaling, shift_factor, latent_channels, block_out_channels } = parsed.data;
  const isSaid = isThere && 'scaling_factor' in ((await readJson(file)) as object);
  return {
    scaling,
    shift: shift_factor ?? 0,
    latentChannels: latent_channels,
    factor: 2 ** (block_out_channels.length - 1),
    warnings: isSaid
      ? []
      : [`${file} does not say by how much latents are scaled; Stable Diffusion's ${scaling} was taken.`],
  };
}
