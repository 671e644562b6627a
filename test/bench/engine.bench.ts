/**
 * The local engine at the sizes of published models: `npm run build && npm run bench:engine`, with
 *
 * - `--model sd15|sdxl|all` (sd15): whose networks, in random weights that the first run writes into
 * `~/.cache/easel-bench`, 4.3 and 6.9 GB;
 * - `--only <phases>`: some of them, separated by commas: those of the table, `unet-fast`,
 * `fast-beside-exact` (precision fast and exact in turn), `quality` (images of the bundled model in fast,
 * and with deep features used again, beside those of exact: 64 seeds, 8 with `--quick`), `load`, `generate`;
 * - `--provider <name>` (cpu): what to compute on, as `executionProviders` of the plugin has it;
 * - `--peer openvino|torch`: networks of sd15 in those engines of Python beside the engine's exact and fast, in
 * turn, and by OpenVINO a whole image from a cold process; with `--only ''` nothing else is measured. What they
 * need is installed into `~/.cache/easel-bench` by the first run (Python 3 with venv; torch takes 5 GB);
 * - `--peer <folder>`: an ONNX export of the same denoising network beside the engine's;
 * `--write-peer <folder>` writes one
 *   (`engine/measure-peer.ts` says how else to make one);
 * - `--quick`: two runs of each; `--json`.
 *
 * or the transformers of `--model flux|z-image|klein`, written as random blocks of GGUF and removed afterwards
 * (FLUX takes 7 GB in q4 and 13 GB in q8, and as much again as the engine keeps them), with
 *
 * - `--to q4|q8` (q4); `--edges 512,1024`; `--memory-mb 0,6000`: budgets, 0 is none;
 * - `--blocks <n>`: no more of each kind; `--runs <n>` (4, 2 with `--quick`): one is enough where a step takes
 *   minutes, and its time is then that of the first without opening;
 * - `--whole`: images by the command with all parts of the model, of `--runs` steps; needs `npm run build`.
 *
 * or T5-XXL over one prompt: `--model t5 --to q4|q8|fp8|f16`.
 *
 * Every phase has a process of its own. Ratios are of what was measured in turn in one process.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { executionProviders } from '../../plugins/local-diffusion/src/session/execution-providers.js';
import { type BenchModel, benchModel, benchModels } from './engine/models.js';
import { networkPhasesOf } from './engine/network-phases.js';
import { cacheFolder, writeRandomCheckpoint } from './engine/random-checkpoint.js';
import { limitsOf, printReport, type Report } from './engine/report.js';
import { runPhase } from './engine/run-phase.js';
import { writePeer } from './engine/write-peer.js';
import { peerPhases } from './peers/measure-beside-python.js';
import { pythonOf, pythonPeers } from './peers/peer.js';
import { encoderFormats, measureEncoder } from './transformers/measure-encoder.js';
import { measureTransformer } from './transformers/measure-transformer.js';
import { measureWhole } from './transformers/measure-whole.js';
import { type TransformerModel, transformerModel } from './transformers/models.js';

const { values: flags } = parseArgs({
  options: {
    model: { type: 'string', default: 'sd15' },
    only: { type: 'string' },
    provider: { type: 'string', default: 'cpu' },
    peer: { type: 'string' },
    'write-peer': { type: 'string' },
    to: { type: 'string', default: 'q4' },
    edges: { type: 'string', default: '512,1024' },
    'memory-mb': { type: 'string', default: '0' },
    blocks: { type: 'string' },
    runs: { type: 'string' },
    whole: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const provider = z.enum(executionProviders).parse(flags.provider);
const rounds = flags.quick ? 2 : 4;

async function measureModel(model: BenchModel): Promise<Report> {
  const report: Report = {};
  const measure = async (name: string, phase: string, folder = '') => {
    if (!flags.json) process.stderr.write(`${model.name} ${name}...\n`);
    const seeds = flags.quick ? 8 : 64;
    const task = { phase, model: model.name, provider, folder };
    report[name] = await runPhase({ ...task, rounds: phase === 'quality' ? seeds : rounds });
  };
  const wanted = flags.only?.split(',').filter(Boolean) ?? [
    ...networkPhasesOf(model),
    ...(provider === 'cpu' ? ['unet-fast', 'fast-beside-exact', 'quality'] : []),
    'load',
    'generate',
  ];
  if (wanted.some((phase) => phase !== 'quality')) await writeRandomCheckpoint(model);
  for (const phase of wanted) {
    if (phase === 'load') {
      const folder = await mkdtemp(join(cacheFolder, 'prepared-'));
      try {
        await measure('load, nothing prepared', 'load', folder);
        await measure('load, prepared', 'load', folder);
      } finally {
        await rm(folder, { recursive: true, maxRetries: 10 });
      }
    } else await measure(phase, phase);
  }
  const named = pythonPeers.find((each) => each === flags.peer);
  if (named) {
    if (model.name !== 'sd15') throw new Error(`--peer ${named} is for the networks of sd15.`);
    await pythonOf(named);
    const phases = peerPhases.map((phase) => `${phase} beside ${named}`);
    for (const phase of [...phases, ...(named === 'openvino' ? ['image beside openvino'] : [])])
      await measure(phase, phase);
  } else if (flags.peer) {
    await measure('peer', 'peer', flags.peer);
    await measure('beside the peer', 'beside-peer', flags.peer);
  }
  return report;
}

async function measureBlocks(model: TransformerModel): Promise<void> {
  const numbers = (text: string) => text.split(',').map((each) => z.coerce.number().int().parse(each));
  const measure = flags.whole ? measureWhole : measureTransformer;
  const report = await measure(model, {
    to: z.enum(['q4', 'q8']).parse(flags.to),
    blocks: flags.blocks === undefined ? undefined : numbers(flags.blocks)[0],
    edges: numbers(flags.edges),
    memoryMb: numbers(flags['memory-mb']),
    rounds: flags.runs === undefined ? rounds : z.coerce.number().int().min(1).parse(flags.runs),
    say: (line) => process.stderr.write(`${line}\n`),
  });
  if (flags.json) console.log(JSON.stringify({ [model.name]: report }, null, 2));
  else {
    console.log(`${cpus()[0]?.model}, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}`);
    printReport(model.name, report, {});
  }
}

if (flags.model === 't5') {
  const report = await measureEncoder(z.enum(encoderFormats).parse(flags.to), (line) =>
    process.stderr.write(`${line}\n`),
  );
  console.log(`${cpus()[0]?.model}, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}`);
  printReport('t5', report, {});
  process.exit(0);
}
const transformer = transformerModel(flags.model);
if (transformer) {
  await measureBlocks(transformer);
  process.exit(0);
}
const models = flags.model === 'all' ? benchModels : [benchModel(flags.model)];
if (flags['write-peer']) {
  for (const model of models) console.log(await writePeer(model, flags['write-peer']));
} else {
  const reports: Record<string, { phases: Report; limits: Record<string, number> }> = {};
  for (const model of models) {
    const phases = await measureModel(model);
    reports[model.name] = { phases, limits: limitsOf(phases) };
  }
  if (flags.json) console.log(JSON.stringify({ provider, reports }, null, 2));
  else {
    console.log(`${cpus()[0]?.model}, ${cpus().length} cores; on ${provider}`);
    for (const [name, { phases, limits }] of Object.entries(reports)) printReport(name, phases, limits);
  }
}
