/**
 * A denoising network that another tool has exported to ONNX, beside the engine's own: the inputs `sample`,
 * `timestep` and `encoder_hidden_states`, and SDXL's `text_embeds` and `time_ids`, under whatever type they
 * were exported with.
 *
 * Made with diffusers and torch by
 * `optimum-cli export onnx --model <checkpoint> --task stable-diffusion <folder>` (`stable-diffusion-xl` for
 * SDXL), which writes `<folder>/unet/model.onnx`; or here, without them, by
 * `npm run bench:engine -- --write-peer <folder>`: the same network with each operator written out as torch's
 * exporter does.
 *
 * @module
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  InferenceSession,
  Tensor,
  type TensorMetadata,
} from '../../../plugins/local-diffusion/src/session/onnx-runtime.js';
import { unetFeeds } from './feeds.js';
import { measure, measureInTurn, secondsOf } from './measure.js';
import { type MeasureOptions, type NetworkFigures, openOn } from './measure-network.js';
import { peakMb } from './memory.js';
import type { BenchModel } from './models.js';
import { networkPhase } from './network-phases.js';

const names = ['unet/model.onnx', 'model.onnx', 'unet.onnx'];

/** The peer alone in this process. */
export async function measurePeer(
  model: BenchModel,
  folder: string,
  { provider, rounds }: MeasureOptions,
): Promise<NetworkFigures> {
  const { run, openS } = await openPeer(model, folder, provider);
  return { openS, ...(await measure(run, rounds)), peakMb: await peakMb() };
}

/** Both in one process, in turn: the ratio that a shared machine leaves alone. */
export async function measureBesidePeer(
  model: BenchModel,
  folder: string,
  { provider, rounds }: MeasureOptions,
) {
  const peer = await openPeer(model, folder, provider);
  const { graph, feeds, output } = await networkPhase('unet', model);
  const { network } = await openOn(graph, provider);
  const [ours, theirs] = await measureInTurn([() => network.run(feeds, [output]), peer.run], rounds);
  return {
    ourWarmS: ours?.warmS,
    peerWarmS: theirs?.warmS,
    warmRatio: ours!.warmS / theirs!.warmS,
    // Random weights grow to any size, and two ways of writing a network round differently.
    largestDifference: await compare(async () => (await network.run(feeds, [output]))[output]!, peer.output),
  };
}

async function openPeer(model: BenchModel, folder: string, provider: MeasureOptions['provider']) {
  const path = names.map((name) => join(folder, name)).find((each) => existsSync(each));
  if (!path) throw new Error(`${folder} has none of ${names.join(', ')}`);
  let session: InferenceSession | undefined;
  const openS = await secondsOf(async () => {
    session = await InferenceSession.create(path, {
      executionProviders: [provider],
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
    });
  });
  const opened = session!;
  const feeds = peerFeeds(opened, model);
  const [first = ''] = opened.outputNames;
  return {
    openS,
    run: () => opened.run(feeds, [first]),
    output: async () => (await opened.run(feeds, [first]))[first]!.data as Float32Array,
  };
}

/** The engine's own feeds in the types that the peer declares. */
function peerFeeds(session: InferenceSession, model: BenchModel): Record<string, Tensor> {
  const ours: Record<string, { readonly data: Float32Array; readonly shape: readonly number[] } | undefined> =
    {
      ...unetFeeds(model),
    };
  return Object.fromEntries(
    session.inputMetadata.map((input) => {
      const feed = ours[input.name];
      if (!feed || !input.isTensor)
        throw new Error(`the peer has an input "${input.name}", which no model here is fed`);
      // A scalar timestep is one number all the same.
      const shape = input.shape.length === 0 ? [] : feed.shape;
      return [input.name, tensorOf(input.type, feed.data, shape)];
    }),
  );
}

function tensorOf(type: TensorMetadata['type'], data: Float32Array, shape: readonly number[]): Tensor {
  if (type === 'float32') return new Tensor(type, data, shape);
  if (type === 'int64')
    return new Tensor(
      type,
      BigInt64Array.from(data, (value) => BigInt(Math.round(value))),
      shape,
    );
  if (type === 'float16') return new Tensor(type, Uint16Array.from(data, toHalf), shape);
  throw new Error(`the peer has an input of ${type}`);
}

/** float16 bits of a number between -1 and 1, or a whole one up to 1024; cut off, not rounded. */
function toHalf(value: number): number {
  const size = Math.abs(value);
  const sign = value < 0 ? 0x8000 : 0;
  if (size < 2 ** -14) return sign;
  const exponent = Math.floor(Math.log2(size));
  return sign | ((exponent + 15) << 10) | Math.floor((size / 2 ** exponent - 1) * 1024);
}

/** The largest difference of two outputs, by the largest number of the first. */
async function compare(
  one: () => Promise<Float32Array>,
  other: () => Promise<Float32Array>,
): Promise<number> {
  const [ours, theirs] = [await one(), await other()];
  let difference = 0;
  let largest = 0;
  for (const [index, value] of ours.entries()) {
    difference = Math.max(difference, Math.abs(value - (theirs[index] ?? Number.NaN)));
    largest = Math.max(largest, Math.abs(value));
  }
  return difference / largest;
}
