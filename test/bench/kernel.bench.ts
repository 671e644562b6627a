/**
 * The kernel's own cost, and a picture's: `npm run bench:kernel -- [--json] [--quick]`.
 *
 * Prints medians, and ratios against a peer measured in the same run, since the machine may be shared and
 * noisy.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { createImageServiceManager } from '@easel/core';
import type { GenerationResult } from '@easel/plugin-sdk';
import { measureCloses } from './measure-close.js';
import { measureRouting } from './measure-routing.js';
import { measureRunners } from './measure-runners.js';
import { measureSwaps } from './measure-swap.js';
import { median, perCall } from './timing.js';

const { values: flags } = parseArgs({
  options: { json: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false } },
});
const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const prompt = 'a yellow star at night';

/** Microseconds of a plugin called without a kernel: the peer. */
async function measureBarePlugin(calls: number) {
  const entry = new URL('./sized-plugin.js', import.meta.url).href;
  const { sizedPlugin: plugin } = (await import(entry)) as {
    sizedPlugin: {
      start(context: object): Promise<{ generate(request: object, call: object): Promise<GenerationResult> }>;
    };
  };
  const bare = await plugin.start({ config: {} });
  return { bareUs: await perCall(calls, () => bare.generate({}, { options: { bytes: 1_024 } })) };
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
  await rm(folder, { recursive: true, maxRetries: 10 });
  return { commandS: median(seconds) };
}

const calls = flags.quick ? 100 : 2_000;
const calling = { ...(await measureBarePlugin(calls)), ...(await measureRunners(calls)) };
const figures: Record<string, number> = {
  ...calling,
  ...(await measureRouting(calls)),
  ...(await measureSwaps(flags.quick ? 1 : 9)),
  ...(await measureCloses(flags.quick ? 1 : 9)),
  ...(await measurePictures()),
  ...(await measureCommand()),
};
const figure = (name: string) => figures[name] ?? Number.NaN;
const machine = { node: process.version, processor: cpus()[0]?.model ?? 'unknown', cores: cpus().length };
const limits = {
  'kernel cost of a call / 50 us': (figure('inlineUs') - figure('bareUs')) / 50,
  'share outside of networks in the engine / 3 %': figure('outsideOfNetworksInTheEngine') / 0.03,
  'close() with one linked plugin / 100 ms': figure('closeOneAfterAnImageMs') / 100,
  'whole command / 6 s': figure('commandS') / 6,
  'a call among 1,000 plugins / among 1': figure('among1000Us') / figure('among1Us'),
  'a 4 MiB picture from a thread / from a process': figure('thread4MiBUs') / figure('process4MiBUs'),
};

if (flags.json) {
  console.log(JSON.stringify({ machine, figures, limits }, null, 2));
} else {
  console.log(`node ${machine.node}, ${machine.processor}, ${machine.cores} cores`);
  for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(32)} ${value.toFixed(3)}`);
  for (const [name, ratio] of Object.entries(limits)) console.log(`${name.padEnd(48)} ${ratio.toFixed(2)}`);
}
