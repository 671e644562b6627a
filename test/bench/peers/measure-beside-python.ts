import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Graph } from '../../../plugins/local-diffusion/src/graph/graph.js';
import {
  decomposableOperators,
  withoutOperators,
} from '../../../plugins/local-diffusion/src/graph/passes/decomposition.js';
import { withFoldedUpsampling } from '../../../plugins/local-diffusion/src/graph/passes/folded-upsampling.js';
import { withInt8Products } from '../../../plugins/local-diffusion/src/graph/passes/int8-products.js';
import { encodeForSession } from '../../../plugins/local-diffusion/src/session/graph-session.js';
import { Network } from '../../../plugins/local-diffusion/src/session/network.js';
import { secondsOf } from '../engine/measure.js';
import type { BenchModel } from '../engine/models.js';
import { type NetworkPhase, networkPhase } from '../engine/network-phases.js';
import { median } from '../timing.js';
import { openInPeer, type PythonPeer } from './peer.js';

/** Networks that have a peer's figures beside the engine's, and how fast computes them where it does. */
const fastForms = {
  unet: withInt8Products,
  'decode-512': (graph: Graph) => withInt8Products(withFoldedUpsampling(graph)),
  'taesd-512': undefined,
} as const;
type PeerPhase = keyof typeof fastForms;
export const peerPhases = Object.keys(fastForms) as readonly PeerPhase[];

/** A network as the engine computes it, exact and fast, and as a peer does, in turn. */
export async function measureBesidePython(
  model: BenchModel,
  peer: PythonPeer,
  phase: PeerPhase,
  rounds: number,
): Promise<Record<string, number>> {
  const network = await networkPhase(phase, model);
  const shapes = Object.fromEntries(
    Object.entries(network.feeds).map(([name, { shape }]) => [name, [...shape]]),
  );
  const what = peer === 'openvino' ? await writeOnnx(network, phase) : phase;
  const theirs = await openInPeer(peer, what, shapes);
  const fastForm = fastForms[phase];
  const exact = await Network.open(network.graph);
  const fast = fastForm && (await Network.open(fastForm(network.graph)));
  const timed = (each: Network) => () => secondsOf(() => each.run(network.feeds, [network.output]));
  const runs = [theirs.run, timed(exact), ...(fast ? [timed(fast)] : [])];
  const seconds = runs.map(() => [] as number[]);
  for (let round = 0; round < rounds; round++)
    for (const [index, run] of runs.entries()) seconds[index]!.push(await run());
  // The first of each makes what the others find made.
  const [peerWarmS, exactWarmS, fastWarmS] = seconds.map((each) => median(each.slice(1)));
  return {
    peerOpenS: theirs.openS,
    peerWarmS: peerWarmS!,
    peerPeakMb: await theirs.end(),
    exactWarmS: exactWarmS!,
    exactByPeer: exactWarmS! / peerWarmS!,
    ...(fastWarmS !== undefined && { fastWarmS, fastByPeer: fastWarmS / peerWarmS! }),
  };
}

/**
 * A network in operators of ai.onnx alone, beside the file of weights that it reads. OpenVINO opens it as it
 * is.
 *
 * @returns the path of the ONNX file
 */
export async function writeOnnx({ graph }: Pick<NetworkPhase, 'graph'>, name: string): Promise<string> {
  const { model, externalFolder } = encodeForSession(withoutOperators(graph, new Set(decomposableOperators)));
  const path = join(externalFolder, `${name}.onnx`);
  await writeFile(path, model);
  return path;
}
