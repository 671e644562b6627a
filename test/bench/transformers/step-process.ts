/**
 * One transformer at one size and one budget, in a process of its own, so that its peak of memory is its own:
 * told by a line of JSON as the only argument, answers by one.
 *
 * @module
 */
import { z } from 'zod';
import { fluxTransformerGraph } from '../../../plugins/local-diffusion/src/families/flux/network/flux-transformer.js';
import { flux2TransformerGraph } from '../../../plugins/local-diffusion/src/families/flux-2/network/flux2-transformer.js';
import { zImageTransformerGraph } from '../../../plugins/local-diffusion/src/families/z-image/network/z-image-transformer.js';
import { readSingleFile } from '../../../plugins/local-diffusion/src/models/read-single-file.js';
import { NetworkGroup } from '../../../plugins/local-diffusion/src/session/network-group.js';
import { NetworkMemory } from '../../../plugins/local-diffusion/src/session/network-memory.js';
import { RepackedWeights } from '../../../plugins/local-diffusion/src/session/repacked-weights.js';
import { filled } from '../engine/feeds.js';
import { secondsOf } from '../engine/measure.js';
import { peakMb } from '../engine/memory.js';
import { median } from '../timing.js';
import { matrixPeak } from './matrix-peak.js';
import { transformerModel } from './models.js';
import { countOperations } from './operations.js';

export const taskSchema = z.object({
  model: z.string(),
  blocks: z.array(z.int()),
  path: z.string(),
  /** Of repacked matrices. */
  folder: z.string(),
  /** Pixels. */
  edge: z.int(),
  /** 0: without bound. */
  memoryMb: z.number(),
  rounds: z.int(),
});

const graphs = {
  flux: fluxTransformerGraph,
  klein: flux2TransformerGraph,
  'z-image': zImageTransformerGraph,
} as const;
/** Pixels along the edge of a token. */
const tokenEdge = 16;
const largestFolder = 40e9;
const megabyte = 1024 ** 2;

const { edge, memoryMb, ...task } = taskSchema.parse(JSON.parse(process.argv[2] ?? ''));
const model = transformerModel(task.model)!;
const tokens = { image: (edge / tokenEdge) ** 2, text: model.textTokens };
const { components } = await readSingleFile(task.path);
const graph = graphs[task.model as keyof typeof graphs](components.transformer!);
const bytes = memoryMb === 0 ? undefined : memoryMb * megabyte;
const repacked = new RepackedWeights({ folder: task.folder, maximumBytes: largestFolder });
const memory = new NetworkMemory(
  { repacked },
  { maximumBytes: bytes, networkBytes: bytes, smallestStageBytes: 256e6 },
);
const group = new NetworkGroup(memory);
const network = group.add(graph);
const sizeOf = (dimension: unknown): number => {
  if (typeof dimension === 'number') return dimension;
  if (String(dimension).includes('image')) return tokens.image;
  return String(dimension).includes('text') ? tokens.text : 1;
};
const feeds = Object.fromEntries(graph.inputs.map(({ name, shape }) => [name, filled(shape.map(sizeOf))]));
const run = () =>
  network.run(
    feeds,
    graph.outputs.map(({ name }) => name),
  );
const [cost] = await group.costsOf(async () => void (await run()));
const firstS = await secondsOf(run);
const openS = memory.openingMs / 1000;
const warm: number[] = [];
while (warm.length < task.rounds - 1) warm.push(await secondsOf(run));
const stepS = warm.length > 0 ? median(warm) : firstS - openS;
const figures = { openS, firstS, stepS, peakMb: await peakMb() };
await group.release();
const gflops = countOperations(model.shapes(task.blocks), model.width, tokens) / stepS / 1e9;
const peakGflops = await matrixPeak();
const planned = {
  stages: cost!.stages,
  planMb: cost!.heldBytes / megabyte,
  leastMb: cost!.leastBytes / megabyte,
};
const all = { ...figures, ...planned, gflops, peakGflops, shareOfPeak: gflops / peakGflops };
process.stdout.write(`${JSON.stringify(all)}\n`, () => process.exit(0));
