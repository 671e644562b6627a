import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { cacheFolder, writeOnce } from '../engine/random-checkpoint.js';
import type { Report } from '../engine/report.js';
import { companionsOf } from './companions.js';
import type { TransformerOptions } from './measure-transformer.js';
import type { TransformerModel } from './models.js';
import { writeRandomGguf } from './random-gguf.js';

const path = (relative: string) => fileURLToPath(new URL(`../../../${relative}`, import.meta.url));
const command = path('core/bin/easel.js');
/** T5's, with fewer words than the published one, which has the same kind of file. */
const tokenizer = path('test/golden/d_pipelines/flux_pipeline/tokenizer_2/spiece.model');
const megabyte = 1e6;

/**
 * Writes a whole model in random weights as ComfyUI lays it out, imports it, makes an image at each size
 * within each budget by the command, one process each, and removes what it wrote.
 *
 * @returns seconds of the command, and the peak of what its processes had in memory together, MB
 */
export async function measureWhole(
  model: TransformerModel,
  { to, blocks, edges, memoryMb, rounds: steps, say }: TransformerOptions,
): Promise<Report> {
  await mkdir(cacheFolder, { recursive: true });
  const folder = await mkdtemp(join(cacheFolder, `whole-${model.name}-`));
  const report: Report = {};
  try {
    const bytes = await writeModels(folder, model, to, blocks);
    say(`${model.name} in ${to}: ${(bytes / 1e9).toFixed(1)} GB in GGUF files`);
    for (const [index, budget] of memoryMb.entries()) {
      const plugins = { 'local-diffusion': { options: budget ? { memoryBytes: budget * megabyte } : {} } };
      // What is prepared lies beside the models, and is removed with them.
      const folders = { storageFolder: 'kept', pluginFolders: [path('plugins')] };
      const configuration = { ...folders, catalogueFolders: ['catalogue'], plugins };
      await writeFile(join(folder, 'easel.config.json'), JSON.stringify(configuration));
      if (index === 0) await run(folder, ['models', 'import', 'models']);
      for (const edge of edges) {
        const name = `whole, ${edge} px, ${budget ? `${budget} MB` : 'no budget'}`;
        say(`${name}...`);
        const asked = ['a yellow star at night', '--model', idOf(model, to), '--size', `${edge}x${edge}`];
        report[name] = await run(folder, ['generate', ...asked, '--steps', `${steps}`, '--out', 'out.png']);
        say(JSON.stringify(report[name]));
      }
    }
  } finally {
    await rm(folder, { recursive: true, maxRetries: 10 });
  }
  return report;
}

// The name tells which of the models with the same tensors it is.
const idOf = ({ name }: TransformerModel, to: string) => `${name}-turbo-${to}`;

async function writeModels(
  folder: string,
  model: TransformerModel,
  to: 'q8' | 'q4',
  atMost: number | undefined,
): Promise<number> {
  const blocks = model.blocks.map((count) => Math.min(count, atMost ?? count));
  const transformer = {
    ...{ place: `diffusion_models/${idOf(model, to)}`, shapes: model.shapes(blocks), isQuantised: true },
  };
  let bytes = 0;
  for (const { place, shapes, isQuantised } of [transformer, ...companionsOf[model.name]!]) {
    const file = join(folder, 'models', place);
    await mkdir(dirname(file), { recursive: true });
    if (isQuantised) bytes += await writeRandomGguf(`${file}.gguf`, shapes, to);
    else await writeOnce(`${file}.safetensors`, shapes, 'F16');
    if ('bn.running_var' in shapes) await writeOnes(`${file}.safetensors`, 'bn.running_var');
  }
  await cp(tokenizer, join(folder, 'models/text_encoders/spiece.model'));
  return bytes;
}

/** Writes 1 into all of a tensor in float16: a variance is not negative. */
async function writeOnes(file: string, name: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    const length = Buffer.alloc(8);
    await handle.read(length, 0, 8, 0);
    const header = Buffer.alloc(Number(length.readBigUInt64LE()));
    await handle.read(header, 0, header.length, 8);
    const [from, end] = JSON.parse(header.toString())[name].data_offsets as [number, number];
    const ones = new Uint16Array((end - from) / 2).fill(0x3c00);
    await handle.write(Buffer.from(ones.buffer), 0, end - from, 8 + header.length + from);
  } finally {
    await handle.close();
  }
}

/** Runs the command to its end, and looks how much its processes have in memory on the way. */
async function run(folder: string, words: readonly string[]): Promise<Record<string, number>> {
  const from = performance.now();
  const child = spawn(process.execPath, [command, ...words], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let told = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    told += text;
  });
  const ended = once(child, 'close');
  const peaks = new Map<number, number>();
  while (child.exitCode === null && child.signalCode === null) {
    for (const process of await descendantsOf(child.pid!)) {
      const peak = await statusOf(process, 'VmHWM');
      peaks.set(process, Math.max(peak, peaks.get(process) ?? 0));
    }
    await pause(200);
  }
  const [status] = await ended;
  if (status !== 0) throw new Error(`easel ${words.join(' ')} ended with ${status}: ${told}`);
  const peakKb = [...peaks.values()].reduce((sum, each) => sum + each, 0);
  return { wholeS: (performance.now() - from) / 1_000, peakMb: (peakKb * 1024) / megabyte };
}

/** A process and those that it started, those of theirs with them. */
async function descendantsOf(root: number): Promise<number[]> {
  const processes = (await readdir('/proc')).map(Number).filter((each) => each > 0);
  const parents = new Map<number, number>();
  for (const each of processes) parents.set(each, await statusOf(each, 'PPid'));
  const found = [root];
  for (const process of found)
    found.push(...processes.filter((each) => parents.get(each) === process && !found.includes(each)));
  return found;
}

/** A number of a process that Linux tells; 0 where the process has ended. */
async function statusOf(process: number, name: string): Promise<number> {
  const status = await readFile(`/proc/${process}/status`, 'utf8').catch(() => '');
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
}
