/**
 * The local engine on an NVIDIA card: `npm run build && npm run bench:gpu`. Downloads what ONNX Runtime needs
 * for CUDA and TensorRT (`easel gpu install`), tests each provider against the processor, runs the engine's
 * benchmark in what the tests choose (float16, where it is right and faster), compares images with the
 * processor's, and writes one table. `--only <providers>` (cuda,tensorrt,webgpu), `--model sd15|sdxl|all`
 * (all), `--json`.
 *
 * Ends with 2 where there is no card, with 1 where a provider cannot be used or makes other images.
 *
 * @module
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { benchModel, benchModels } from './engine/models.js';
import { writeRandomCheckpoint } from './engine/random-checkpoint.js';
import { runPhase } from './engine/run-phase.js';

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string', default: 'cuda,tensorrt,webgpu' },
    model: { type: 'string', default: 'all' },
    json: { type: 'boolean', default: false },
  },
});
const providers = z.array(z.enum(['cuda', 'tensorrt', 'webgpu'])).parse(flags.only.split(','));
const models = flags.model === 'all' ? benchModels : [benchModel(flags.model)];
const rounds = 6;
const seeds = 8;
/** In dB: float16 alone stays above it. */
const leastDecibels = 30;

interface Row {
  readonly provider: string;
  readonly model: string;
  readonly phase: string;
  readonly figures: Readonly<Record<string, number>>;
  /** Absent: it could be measured. */
  readonly problem?: string;
}

/** Name, driver and memory of each card; undefined where there is none, or no driver. */
function findCards(): string | undefined {
  try {
    const query = ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader'];
    return execFileSync('nvidia-smi', query, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return undefined;
  }
}

async function measure(provider: Row['provider'], model: string, phase: string): Promise<Row> {
  if (!flags.json) process.stderr.write(`${provider} ${model} ${phase}...\n`);
  const task = { phase, model, provider: z.enum(['cuda', 'tensorrt', 'webgpu']).parse(provider) };
  try {
    const figures = await runPhase({
      ...task,
      rounds: phase === 'device-quality' ? seeds : rounds,
      folder: '',
    });
    const decibels = figures.psnrWorst;
    const isOther = decibels !== undefined && !(decibels >= leastDecibels);
    const problem = `its images differ from the processor's: ${decibels?.toFixed(1)} dB`;
    return { provider, model, phase, figures, ...(isOther && { problem }) };
  } catch (error) {
    const lines = String((error as { stderr?: string }).stderr ?? error).split('\n');
    const problem = lines.find((line) => /Error/.test(line)) ?? lines[0] ?? 'unknown';
    return { provider, model, phase, figures: {}, problem: problem.trim() };
  }
}

const columns = ['openS', 'firstS', 'warmS', 'peakMb', 'psnrMedian', 'psnrWorst', 'ssimWorst', 'isHalf'];

function printTable(rows: readonly Row[]): void {
  const heads = ['provider', 'model', 'phase', ...columns, 'problem'];
  console.log(`| ${heads.join(' | ')} |\n|${'---|'.repeat(heads.length)}`);
  for (const { provider, model, phase, figures, problem = '' } of rows) {
    const cells = columns.map((name) => figures[name]?.toPrecision(4) ?? '');
    console.log(`| ${[provider, model, phase, ...cells, problem].join(' | ')} |`);
  }
}

const cards = findCards();
if (cards === undefined) {
  console.error('There is no NVIDIA card here, or no driver for it: nvidia-smi does not answer.');
  console.error(
    'Run this on a machine with a card; on others `npm run bench:engine` measures the processor.',
  );
  process.exit(2);
}
const easel = fileURLToPath(new URL('../../core/bin/easel.js', import.meta.url));
execFileSync(process.execPath, [easel, 'gpu', 'install'], { stdio: ['ignore', 2, 2] });
const rows: Row[] = [];
for (const model of models) await writeRandomCheckpoint(model);
for (const provider of providers) {
  rows.push(await measure(provider, 'picturebook', 'device-quality'));
  for (const model of models)
    for (const phase of ['unet', model.pipelineType === 'sdxl' ? 'decode-1024' : 'decode-512'])
      rows.push(await measure(provider, model.name, phase));
}
if (flags.json) console.log(JSON.stringify({ cards, rows }, null, 2));
else {
  console.log(`${cards}\n`);
  printTable(rows);
}
process.exitCode = rows.some(({ problem }) => problem !== undefined) ? 1 : 0;
