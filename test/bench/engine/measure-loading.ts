import { openModel } from '../../../plugins/local-diffusion/src/models/open-model.js';
import { NetworkMemory } from '../../../plugins/local-diffusion/src/session/network-memory.js';
import { PreparedNetworks } from '../../../plugins/local-diffusion/src/session/prepared-networks.js';
import { secondsOf } from './measure.js';
import { peakMb } from './memory.js';
import type { BenchModel } from './models.js';
import { writeRandomCheckpoint } from './random-checkpoint.js';

/** More than any of the models takes prepared. */
const preparedBytes = 30e9;

/** Latents of an edge: as few as the networks take, so that opening is what counts. */
const edge = 8;

/**
 * Brings a model to its first step, with what an earlier process has left in the folder, if there is
 * anything: text encoder and denoising network are opened by being run, over the smallest picture.
 */
export async function measureLoading(model: BenchModel, folder: string) {
  const path = await writeRandomCheckpoint(model);
  const prepared = new PreparedNetworks({ folder, maximumBytes: preparedBytes });
  const openS = await secondsOf(async () => {
    const opened = await openModel({ path }, { memory: new NetworkMemory({ prepared }) });
    const size = edge * opened.factor;
    const { conditional } = await opened.condition({
      ...{ prompts: ['a red circle'], negativePrompts: undefined, isGuided: false, clipSkip: 0 },
      ...{ width: size, height: size },
    });
    const shape = [1, opened.inputChannels, edge, edge];
    const data = new Float32Array(shape.reduce((one, other) => one * other));
    await opened.predict({ data, shape }, 500, conditional, { start: 0, end: 1 });
  });
  return { openS, peakMb: await peakMb() };
}
