import type { SafetensorsFile } from '../checkpoint/safetensors.js';
import { readTensorFile } from '../checkpoint/tensor-file.js';
import { movingAverageNames } from '../families/components/moving-averages.js';

/** What training programs put before all names of a checkpoint. */
const wrappers = /^(?:(?:state_dict|module)\.)+/;

const unetPrefix = 'model.diffusion_model.';
/** Tensors of each UNet, one of them missing in a ControlNet. */
const unetNames = ['input_blocks.0.0.weight', 'out.2.weight'];

/**
 * Reads the header of a checkpoint in one file, under the names that its tensors have in published files.
 * Where there are only moving averages of a denoising network, they are taken for it. Files of a UNet alone
 * lack its prefix.
 *
 * @throws ERR_MODEL_FILES_INVALID when it cannot be read
 */
export async function readCheckpointFile(path: string): Promise<SafetensorsFile> {
  const { tensors, metadata } = await readTensorFile(path);
  const unwrapped = [...tensors].map(([name, location]) => [name.replace(wrappers, ''), location] as const);
  const names = new Set(unwrapped.map(([name]) => name));
  const averages = movingAverageNames([...names]);
  const isUnet = unetNames.every((name) => names.has(name));
  const published = (name: string) => averages.get(name) ?? (isUnet ? unetPrefix + name : name);
  return {
    tensors: new Map(unwrapped.map(([name, location]) => [published(name), location])),
    metadata,
  };
}
