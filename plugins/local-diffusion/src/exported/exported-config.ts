import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { invalidFiles } from '../checkpoint/invalid-files.js';
import { readJson } from '../checkpoint/read-file.js';

const schema = z.looseObject({
  scaling_factor: z.number().positive().optional(),
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
  /** For messages. */
  readonly file: string;
  /** Whether the file did not say by how much latents are scaled. */
  readonly isScalingAssumed: boolean;
}

/**
 * Reads `vae_decoder/config.json`, which need not be there.
 *
 * @param defaultScaling where the file does not say it
 * @throws ERR_MODEL_FILES_INVALID for a file that is not valid
 */
export async function readExportedVaeConfig(
  folder: string,
  defaultScaling: number,
): Promise<ExportedVaeConfig> {
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
  const { scaling_factor: said, shift_factor, latent_channels, block_out_channels } = parsed.data;
  return {
    scaling: said ?? defaultScaling,
    shift: shift_factor ?? 0,
    latentChannels: latent_channels,
    factor: 2 ** (block_out_channels.length - 1),
    file,
    isScalingAssumed: said === undefined,
  };
}
