import { EaselError } from '@easel/plugin-sdk';
import { invalidFiles } from '../checkpoint/invalid-files.js';
import type { Graph } from '../graph/graph.js';
import { findWeightThatIsNotFinite } from '../graph/weights-not-finite.js';
import type { Feed } from './network.js';

/** Whether there is no NaN and no infinity among them. */
export function areFinite(values: Float32Array): boolean {
  for (let index = 0; index < values.length; index++) if (!Number.isFinite(values[index])) return false;
  return true;
}

/**
 * @param network for the message: the name of the network or its file
 * @throws ERR_REQUEST_INVALID for an input with NaN or infinity, of which a network would make a black image
 */
export function requireFiniteFeeds(network: string, feeds: Readonly<Record<string, Feed>>): void {
  for (const [name, { data }] of Object.entries(feeds)) {
    if (!(data instanceof Float32Array) || areFinite(data)) continue;
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      message: `The input "${name}" of the network "${network}" has NaN or infinity in it: the numbers of the step before grew too large.`,
      hint: 'Try another sampler, more steps, or lower weights and guidance.',
    });
  }
}

/**
 * The error of a network that gave NaN or infinity for finite inputs, computed in float32. Names the weight
 * that is to blame where there is one.
 */
export async function notFiniteError(graph: Graph): Promise<EaselError> {
  const weight = await findWeightThatIsNotFinite(graph);
  const what = `The network "${graph.name}" gave NaN or infinity, which would be a black image`;
  if (weight) {
    return invalidFiles(
      `${what}: its tensor "${weight.name}" in ${weight.file} has ${weight.value}.`,
      'The file is damaged, or was saved from a training that had failed: use another version of it.',
    );
  }
  return new EaselError({
    code: 'ERR_REQUEST_INVALID',
    message: `${what}. Its weights are finite; what was asked for makes its numbers too large.`,
    hint: 'Try lower weights of LoRAs and words, less guidance, or another version of the model.',
  });
}
