/**
 * The local engine at the size of Stable Diffusion 1.5: `npm run bench:engine -- [--json] [--quick]`. Seconds of each network, their share of
 * what the machine's convolutions reach in the same process, peak memory, and how long opening takes.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import type { Component } from '../../plugins/local-diffusion/src/checkpoint/component.js';
import { GraphBuilder } from '../../plugins/local-diffusion/src/graph/builder.js';
import { openSingleFile } from '../../plugins/local-diffusion/src/library/single-file.js';
import { clipTextGraph } from '../../plugins/local-diffusion/src/networks/clip-text.js';
import { unetGraph } from '../../plugins/local-diffusion/src/networks/unet.js';
import { vaeDecoderGraph } from '../../plugins/local-diffusion/src/networks/vae.js';
import { type Feed, Network } from '../../plugins/local-diffusion/src/runtime/network.js';
import { countUnetOperations } from './count-operations.js';
import { stableDiffusion1Unet, writeRandomCheckpoint } from './engine-checkpoint.js';
import { median } from './timing.js';

const { values: flags } = parseArgs({
  options: { json: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false } },
});
const latentEdge = flags.quick ? 32 : 64;
const runs = flags.quick ? 2 : 4;
const filled = (shape: readonly number[]): Feed => ({
  data: Float32Array.from({ length: shape.reduce((one, other) => one * other, 1) }, (_, index) =>
    Math.sin(index),
  ),
  shape,
});

async function peakMb(): Promise<number> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  return Math.round(Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? Number.NaN) / 1024);
}

/** Seconds of the first run, and of the median of the following ones. */
async function measure(network: Network, feeds: Record<string, Feed>, output: string) {
  const seconds: number[] = [];
  for (let run = 0; run < runs; run++) {
    const from = performance.now();
    await network.run(feeds, [output]);
    seconds.push((performance.now() - from) / 1_000);
  }
  return { firstS: seconds[0] ?? Number.NaN, warmS: median(seconds.slice(1)) };
}

/** GFLOP/s of a 3x3 convolution of as many channels as a level has, over a batch of two; the best of the levels is the peak. */
async function measurePeak(): Promise<number> {
  let best = 0;
  for (const [channels, edge] of [
    [320, 64],
    [640, 32],
    [1280, 16],
  ] as const) {
    const nothing = { name: 'peak', configFile: 'none', config: {}, tensors: new Map() } as Component;
    const graph = new GraphBuilder(nothing);
    const shape = [2, channels, edge, edge];
    const x = graph.input('x', 'float32', shape);
    const weights = Float32Array.from(
      { length: channels * channels * 9 },
      (_, index) => Math.sin(index) / 100,
    );
    const attributes = { kernel_shape: [3, 3], strides: [1, 1], pads: [1, 1, 1, 1] };
    const y = graph.node('Conv', [x, graph.floats(weights, [channels, channels, 3, 3])], attributes);
    graph.output('y', y, 'float32', shape);
    const network = await Network.open(graph.finish());
    const { warmS } = await measure(network, { x: filled(shape) }, 'y');
    best = Math.max(best, (2 * 2 * channels * channels * 9 * edge * edge) / warmS / 1e9);
    await network.release();
  }
  return best;
}

async function opened(graph: Parameters<typeof Network.open>[0]) {
  const from = performance.now();
  const network = await Network.open(graph);
  return { network, openS: (performance.now() - from) / 1_000 };
}

const path = await writeRandomCheckpoint();
const peak = await measurePeak();
const { unet, vae, textEncoder } = (await openSingleFile(path)).components;
if (!vae || !textEncoder) throw new Error('the checkpoint is not whole');
const figures: Record<string, number> = { peakGflops: peak };

const text = await opened(clipTextGraph(textEncoder));
const ids = { data: BigInt64Array.from({ length: 154 }, () => 320n), shape: [2, 77] };
const encoded = await measure(text.network, { input_ids: ids }, 'last_hidden_state');
await text.network.release();
Object.assign(figures, { textOpenS: text.openS, textS: encoded.warmS });

const denoiser = await opened(unetGraph(unet));
const feeds = {
  sample: filled([2, 4, latentEdge, latentEdge]),
  timestep: { data: Float32Array.of(500), shape: [1] },
  encoder_hidden_states: filled([2, 77, 768]),
};
const step = await measure(denoiser.network, feeds, 'out_sample');
const stepGflops = (2 * countUnetOperations(stableDiffusion1Unet, latentEdge)) / step.warmS / 1e9;
Object.assign(figures, {
  unetOpenS: denoiser.openS,
  unetFirstS: step.firstS,
  unetS: step.warmS,
  unetGflops: stepGflops,
  unetPeakMb: await peakMb(),
});
await denoiser.network.release();

const decoder = await opened(vaeDecoderGraph(vae));
const decoded = await measure(
  decoder.network,
  { latent_sample: filled([1, 4, latentEdge, latentEdge]) },
  'sample',
);
await decoder.network.release();
Object.assign(figures, { vaeOpenS: decoder.openS, vaeS: decoded.warmS, peakMb: await peakMb() });

const limits = {
  'share of the peak in the UNet, aim 0.8': stepGflops / peak,
  'opening the UNet / 25 s': denoiser.openS / 25,
};
if (flags.json) console.log(JSON.stringify({ latentEdge, figures, limits }, null, 2));
else {
  console.log(`${cpus()[0]?.model}, ${cpus().length} cores; ${8 * latentEdge}x${8 * latentEdge}, batch 2`);
  for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(16)} ${value.toFixed(2)}`);
  for (const [name, ratio] of Object.entries(limits)) console.log(`${name.padEnd(44)} ${ratio.toFixed(2)}`);
}
