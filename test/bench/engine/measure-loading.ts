import { openSingleFileModel } from '../../../plugins/local-diffusion/src/library/single-file-model.js';
import { NetworkMemory } from '../../../plugins/local-diffusion/src/runtime/network-memory.js';
import { PreparedNetworks } from '../../../plugins/local-diffusion/src/runtime/prepared-networks.js';
import { secondsOf } from './measure.js';
import { peakMb } from './memory.js';
import type { BenchModel } from './models.js';
import { writeRandomCheckpoint } from './random-checkpoint.js';

/** More than any of the models takes prepared. */
const preparedBytes = 30e9;

/** Opens the whole model, with what an earlier process has left in the folder, if there is anything. */
export async function measureLoading(model: BenchModel, folder: string) {
  const path = await writeRandomCheckpoint(model);
  const prepared = new PreparedNetworks({ folder, maximumBytes: preparedBytes });
  const openS = await secondsOf(() => openSingleFileModel(path, { memory: new NetworkMemory({ prepared }) }));
  return { openS, peakMb: await peakMb() };
}
