/**
 * The kernel's own cost, and a picture's: `npm run bench:kernel -- [--json] [--quick]`.
 *
 * Prints medians, and ratios against a peer measured in the same run, since the machine may be shared and noisy.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { createImageServiceManager, type ImageServiceManager } from '@easel/core';
import type { GenerationResult, ImageRequest } from '@easel/plugin-sdk';

const { values: flags } = parseArgs({
  options: { json: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false } },
});
const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const median = (values: readonly number[]) =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
const prompt = 'a yellow star at night';

/** Microseconds a call, over rounds of many calls each, one after the other. */
async function perCall(calls: number, call: () => Promise<unknown>): Promise<number> {
  const rounds: number[] = [];
  for (let round = 0; round < 7; round++) {
    const from = performance.now();
    for (let index = 0; index < calls; index++) await call();
    rounds.push(((performance.now() - from) * 1000) / calls);
  }
  return median(rounds.slice(2));
}

async function measureCalls() {
  const fixtures = (folder: string): ImageServiceManager =>
    createImageServiceManager({
      bundled: false,
      environment: { CHAOS_KEY: 'unused-here' },
      configuration: {
        pluginFolders: [path(`../fixtures/${folder}`)],
        catalogueFolders: [path('../fixtures/catalogue')],
        currentModel: 'steady-one',
      },
    });
  const calls = flags.quick ? 200 : 5_000;
  const request: ImageRequest = { prompt, seed: 1 };
  await using inline = fixtures('inline-plugins');
  await using process = fixtures('plugins');
  await inline.generateImage(request);
  await process.generateImage(request);

  // The peer: the same plugin, called without a kernel.
  const entry = pathToFileURL(path('../fixtures/inline-plugins/inline/index.js')).href;
  const { default: plugin } = (await import(entry)) as {
    default: { start(context: object): Promise<{ generate(request: object): Promise<GenerationResult> }> };
  };
  const bare = await plugin.start({ config: {} });
  const bareUs = await perCall(calls, () => bare.generate({}));
  const inlineUs = await perCall(calls, () => inline.generateImage(request));
  const processUs = await perCall(Math.ceil(calls / 10), () => process.generateImage(request));
  return { bareUs, inlineUs, kernelUs: inlineUs - bareUs, processUs };
}

async function measurePictures() {
  const coldFrom = performance.now();
  await using manager = createImageServiceManager({
    configuration: { currentModel: 'picturebook', pluginFolders: [], catalogueFolders: [] },
  });
  const cold = await manager.generateImage({ prompt, seed: 7 });
  const coldMs = performance.now() - coldFrom;
  const warm: { total: number; network: number; make: number }[] = [];
  for (let run = 0; run < (flags.quick ? 2 : 15); run++) {
    const { timings } = await manager.generateImage({ prompt, seed: 7 });
    warm.push({ total: timings.total ?? 0, network: timings.network ?? 0, make: timings.make ?? 0 });
  }
  const warmMs = median(warm.map(({ total }) => total));
  return {
    coldMs,
    loadMs: cold.timings.load ?? 0,
    warmMs,
    networkMs: median(warm.map(({ network }) => network)),
    outsideOfNetworksInTheEngine: median(warm.map(({ network, make }) => 1 - network / make)),
    outsideOfNetworksInAll: median(warm.map(({ network, total }) => 1 - network / total)),
  };
}

/** Seconds of the whole command, from a shell's point of view. */
async function measureCommand() {
  const folder = await mkdtemp(join(tmpdir(), 'easel-bench-'));
  const seconds: number[] = [];
  for (let run = 0; run < (flags.quick ? 1 : 5); run++) {
    const from = performance.now();
    await promisify(execFile)(process.execPath, [
      path('../../core/bin/easel.js'),
      'generate',
      prompt,
      '--seed',
      '7',
      '--out',
      join(folder, 'a.png'),
    ]);
    seconds.push((performance.now() - from) / 1000);
  }
  await rm(folder, { recursive: true });
  return { commandS: median(seconds) };
}

const figures = { ...(await measureCalls()), ...(await measurePictures()), ...(await measureCommand()) };
const machine = { node: process.version, processor: cpus()[0]?.model ?? 'unknown', cores: cpus().length };
const limits = {
  'kernel cost of a call / 50 us': figures.kernelUs / 50,
  'share outside of networks in the engine / 3 %': figures.outsideOfNetworksInTheEngine / 0.03,
  'whole command / 6 s': figures.commandS / 6,
};

if (flags.json) {
  console.log(JSON.stringify({ machine, figures, limits }, null, 2));
} else {
  console.log(`node ${machine.node}, ${machine.processor}, ${machine.cores} cores`);
  for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(32)} ${value.toFixed(3)}`);
  for (const [name, ratio] of Object.entries(limits)) console.log(`${name.padEnd(48)} ${ratio.toFixed(2)}`);
}
