import { readSafetensorsFile, type SafetensorsFile } from '../checkpoint/safetensors.js';
import { movingAverageNames } from '../families/components/moving-averages.js';

/** What training programs put before all names of a checkpoint. */
const wrappers = /^(?:(?:state_dict|module)\.)+/;

/**
 * Reads the header of a checkpoint in one file, under the names that its tensors have in published files. Where there are only moving averages
 * of a denoising network, they are taken for it.
 *
 * @throws ERR_MODEL_FILES_INVALID when it cannot be read
 */
export async function readCheckpointFile(path: string): Promise<SafetensorsFile> {
  const { tensors, metadata } = await readSafetensorsFile(path);
  const unwrapped = [...tensors].map(([name, location]) => [name.replace(wrappers, ''), location] as const);
  const averages = movingAverageNames(unwrapped.map(([name]) => name));
  return {
    tensors: new Map(unwrapped.map(([name, location]) => [averages.get(name) ?? name, location])),
    metadata,
  };
}
