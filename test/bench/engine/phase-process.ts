/**
 * One phase in a process of its own, so that its peak of memory is its own: told by a line of JSON as the
 * only argument, answers by one.
 *
 * @module
 */
import { z } from 'zod';
import { executionProviders } from '../../../plugins/local-diffusion/src/session/execution-providers.js';
import { measureBesidePython, peerPhases } from '../peers/measure-beside-python.js';
import { measureImageBesideOpenVino } from '../peers/measure-image.js';
import { pythonPeers } from '../peers/peer.js';
import { measureFast, measureFastBesideExact } from './measure-fast.js';
import { measureGenerating } from './measure-generating.js';
import { measureLoading } from './measure-loading.js';
import { measureNetwork, measureUnet } from './measure-network.js';
import { measureBesidePeer, measurePeer } from './measure-peer.js';
import { measureDeviceQuality, measureQuality } from './measure-quality.js';
import { benchModel } from './models.js';

const taskSchema = z.object({
  phase: z.string(),
  model: z.string(),
  provider: z.enum(executionProviders),
  rounds: z.int(),
  /** Of prepared networks, or of a peer's export. */
  folder: z.string().default(''),
});
export type PhaseTask = z.input<typeof taskSchema>;

const task = taskSchema.parse(JSON.parse(process.argv[2] ?? ''));
const model = benchModel(task.model);
const measured: Record<string, () => Promise<object>> = {
  unet: () => measureUnet(model, task),
  'unet-fast': () => measureFast(model, task.rounds),
  'fast-beside-exact': () => measureFastBesideExact(model, task.rounds),
  quality: () => measureQuality(task.rounds),
  'device-quality': () => measureDeviceQuality(task.provider, task.rounds),
  load: () => measureLoading(model, task.folder),
  generate: () => measureGenerating(model, task),
  peer: () => measurePeer(model, task.folder, task),
  'image beside openvino': () => measureImageBesideOpenVino(model, task.rounds),
  'beside-peer': () => measureBesidePeer(model, task.folder, task),
};
for (const peer of pythonPeers)
  for (const phase of peerPhases)
    measured[`${phase} beside ${peer}`] = () => measureBesidePython(model, peer, phase, task.rounds);
const figures = await (measured[task.phase] ?? (() => measureNetwork(task.phase, model, task)))();
process.stdout.write(`${JSON.stringify(figures)}\n`, () => process.exit(0));
