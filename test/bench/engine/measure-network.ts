import { join } from 'node:path';
import type { Graph } from '../../../plugins/local-diffusion/src/graph/graph.js';
import {
  chooseExecution,
  type Execution,
} from '../../../plugins/local-diffusion/src/session/execution-choice.js';
import type { ExecutionProvider } from '../../../plugins/local-diffusion/src/session/execution-providers.js';
import { Network } from '../../../plugins/local-diffusion/src/session/network.js';
import { openConvolutionPeaks } from './convolution-peak.js';
import { countUnetOperations } from './count-operations.js';
import { measure, measureInTurn, type Runs, secondsOf } from './measure.js';
import { peakMb } from './memory.js';
import { type BenchModel, float32Bytes } from './models.js';
import { networkPhase } from './network-phases.js';
import { cacheFolder } from './random-checkpoint.js';

export interface NetworkFigures extends Runs {
  readonly openS: number;
  readonly peakMb: number;
}

export interface MeasureOptions {
  readonly provider: ExecutionProvider;
  /** Runs of each network, the first included. */
  readonly rounds: number;
}

/** How networks are computed on a provider here. @throws Error where it cannot be used */
export async function executionOn(provider: ExecutionProvider): Promise<Execution> {
  const place = { folder: join(cacheFolder, 'self-tests'), environment: process.env };
  const execution = await chooseExecution([provider], place);
  if (execution.provider !== provider) throw new Error(execution.warnings.join('\n'));
  return execution;
}

/** Opens a graph and says how long that took. @throws Error where the provider could not open it */
export async function openOn(graph: Graph, provider: ExecutionProvider) {
  const execution = await executionOn(provider);
  let network: Network | undefined;
  const openS = await secondsOf(async () => {
    network = await Network.open(graph, { execution });
  });
  const [warning] = network!.warnings;
  if (warning) throw new Error(warning);
  return { network: network!, openS };
}

/** A network alone in this process. */
export async function measureNetwork(
  phase: string,
  model: BenchModel,
  { provider, rounds }: MeasureOptions,
): Promise<NetworkFigures> {
  const { graph, feeds, output } = await networkPhase(phase, model);
  const { network, openS } = await openOn(graph, provider);
  const runs = await measure(() => network.run(feeds, [output]), rounds);
  return { openS, ...runs, peakMb: await peakMb() };
}

/**
 * The denoising network, and after its own peak of memory is known, the machine's best convolution in turn
 * with it.
 *
 * @returns besides the figures its arithmetic, the best convolution's, and the limit that its memory is
 * compared with
 */
export async function measureUnet(model: BenchModel, { provider, rounds }: MeasureOptions) {
  const { graph, feeds, output } = await networkPhase('unet', model);
  const { network, openS } = await openOn(graph, provider);
  const run = () => network.run(feeds, [output]);
  const firstS = await secondsOf(run);
  await run();
  const memory = await peakMb();
  const peaks = provider === 'cpu' ? await openConvolutionPeaks() : [];
  const [unet] = await measureInTurn([run, ...peaks.map((peak) => peak.run)], rounds);
  const { warmS } = unet as Runs;
  const gflops =
    (model.batch * countUnetOperations(model.unet, model.latentEdge, model.levels)) / warmS / 1e9;
  const best = Math.max(...peaks.map((peak) => peak.best));
  return {
    openS,
    firstS,
    warmS,
    peakMb: memory,
    gflops,
    ...(provider === 'cpu' && { convolutionGflops: best, shareOfConvolutions: gflops / best }),
    memoryLimitMb: (float32Bytes(model.unet) * 1.25 + 1e9) / 2 ** 20,
  };
}
