/**
 * T5-XXL over one prompt, in a process of its own, so that its peak of memory is its own: told by a line of
 * JSON as the only argument, answers by one.
 *
 * @module
 */
import { stat } from 'node:fs/promises';
import { z } from 'zod';
import { withPackings } from '../../../plugins/local-diffusion/src/checkpoint/packing/packed-tensors.js';
import { readTensorFile } from '../../../plugins/local-diffusion/src/checkpoint/tensor-file.js';
import {
  deriveT5Config,
  t5EncoderOf,
} from '../../../plugins/local-diffusion/src/families/components/companion-files.js';
import { t5EncoderGraph } from '../../../plugins/local-diffusion/src/networks/t5/t5-encoder.js';
import { NetworkGroup } from '../../../plugins/local-diffusion/src/session/network-group.js';
import { NetworkMemory } from '../../../plugins/local-diffusion/src/session/network-memory.js';
import { RepackedWeights } from '../../../plugins/local-diffusion/src/session/repacked-weights.js';
import { secondsOf } from '../engine/measure.js';
import { peakMb } from '../engine/memory.js';

export const encoderTaskSchema = z.object({
  path: z.string(),
  /** Of repacked matrices. */
  folder: z.string(),
  tokens: z.int(),
});

const { path, folder, tokens } = encoderTaskSchema.parse(JSON.parse(process.argv[2] ?? ''));
const beforeMb = await peakMb();
const tensors = t5EncoderOf(await withPackings(path, await readTensorFile(path)));
const config = deriveT5Config(tensors, path);
const graph = t5EncoderGraph({ name: 'text_encoder_2', configFile: path, config, tensors });
const memory = new NetworkMemory({ repacked: new RepackedWeights({ folder, maximumBytes: 40e9 }) });
const group = new NetworkGroup(memory);
const network = group.add(graph);
const ids = {
  data: BigInt64Array.from({ length: tokens }, (_, index) => BigInt(index % 1000)),
  shape: [1, tokens],
};
const run = () => network.run({ input_ids: ids }, ['last_hidden_state']);
const [cost] = await group.costsOf(async () => void (await run()));
const firstS = await secondsOf(run);
const openS = memory.openingMs / 1000;
const warmS = await secondsOf(run);
const storedMb = (await stat(path)).size / 1024 ** 2;
const peak = await peakMb();
const planMb = cost!.heldBytes / 1024 ** 2;
const figures = {
  openS,
  firstS,
  warmS,
  storedMb,
  planMb,
  beforeMb,
  peakMb: peak,
  overStoredMb: peak - storedMb,
};
process.stdout.write(`${JSON.stringify(figures)}\n`, () => process.exit(0));
