import type { Graph } from '../../../plugins/local-diffusion/src/graph/graph.js';
import { withInt8Products } from '../../../plugins/local-diffusion/src/graph/passes/int8-products.js';
import { Network } from '../../../plugins/local-diffusion/src/session/network.js';
import { measure, measureInTurn, secondsOf } from './measure.js';
import type { NetworkFigures } from './measure-network.js';
import { peakMb } from './memory.js';
import type { BenchModel } from './models.js';
import { type NetworkPhase, networkPhase } from './network-phases.js';

/** The denoising network as `precision: fast` computes it, alone in this process. */
export async function measureFast(model: BenchModel, rounds: number): Promise<NetworkFigures> {
  const { graph, feeds, output } = await networkPhase('unet', model);
  let network: Network | undefined;
  const openS = await secondsOf(async () => {
    network = await Network.open(withInt8Products(graph));
  });
  const runs = await measure(() => network!.run(feeds, [output]), rounds);
  return { openS, ...runs, peakMb: await peakMb() };
}

/**
 * Both precisions in one process, in turn. Processor time is that of one thread, which does not wait: on a
 * machine that is shared it is the steadier ratio.
 */
export async function measureFastBesideExact(model: BenchModel, rounds: number) {
  const phase = await networkPhase('unet', model);
  const warm = await opened(phase, undefined, async (runs) => ({
    seconds: await measureInTurn(runs, rounds),
    outputs: [await runs[0]!(), await runs[1]!()] as const,
  }));
  const [exact, fast] = warm.seconds;
  const [exactCpu, fastCpu] = await opened(phase, 1, (runs) => cpuSecondsInTurn(runs, rounds));
  return {
    exactWarmS: exact!.warmS,
    fastWarmS: fast!.warmS,
    warmRatio: exact!.warmS / fast!.warmS,
    exactCpuS: exactCpu!,
    fastCpuS: fastCpu!,
    cpuRatio: exactCpu! / fastCpu!,
    deviation: deviation(warm.outputs[1], warm.outputs[0]),
  };
}

type Run = () => Promise<Float32Array>;

/** Does something with the network as exact and as fast. */
async function opened<Result>(
  { graph, feeds, output }: NetworkPhase,
  threads: number | undefined,
  measureBoth: (runs: readonly Run[]) => Promise<Result>,
): Promise<Result> {
  const graphs: readonly Graph[] = [graph, withInt8Products(graph)];
  const networks: Network[] = [];
  for (const each of graphs) networks.push(await Network.open(each, { threads }));
  try {
    return await measureBoth(
      networks.map((network) => async () => (await network.run(feeds, [output]))[output]!),
    );
  } finally {
    for (const network of networks) await network.release();
  }
}

/** The least of some runs of each. */
async function cpuSecondsInTurn(runs: readonly Run[], rounds: number): Promise<number[]> {
  const least = runs.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < rounds; round++) {
    for (const [index, run] of runs.entries()) {
      const from = process.cpuUsage();
      await run();
      const { user, system } = process.cpuUsage(from);
      least[index] = Math.min(least[index]!, (user + system) / 1e6);
    }
  }
  return least;
}

/** Root mean square of the difference, by that of what is expected. */
function deviation(actual: Float32Array, expected: Float32Array): number {
  let [difference, whole] = [0, 0];
  for (const [index, value] of expected.entries()) {
    difference += (actual[index]! - value) ** 2;
    whole += value ** 2;
  }
  return Math.sqrt(difference / whole);
}
