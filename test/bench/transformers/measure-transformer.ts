import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '../engine/random-checkpoint.js';
import type { Report } from '../engine/report.js';
import { runChild } from '../engine/run-phase.js';
import type { TransformerModel } from './models.js';
import { writeRandomGguf } from './random-gguf.js';

export interface TransformerOptions {
  readonly to: 'q8' | 'q4';
  /** Of each kind at most. Absent: all. */
  readonly blocks: number | undefined;
  readonly edges: readonly number[];
  /** Budgets; 0 is none. */
  readonly memoryMb: readonly number[];
  readonly rounds: number;
  say(line: string): void;
}

const program = fileURLToPath(new URL('./step-process.ts', import.meta.url));

/**
 * Writes the transformer of a model in random weights, runs it at each size within each budget, and removes
 * what it wrote. With fewer blocks than the model has its figures are those of the smaller network.
 */
export async function measureTransformer(
  model: TransformerModel,
  { to, edges, memoryMb, rounds, say, ...options }: TransformerOptions,
): Promise<Report> {
  const blocks = model.blocks.map((count) => Math.min(count, options.blocks ?? count));
  await mkdir(cacheFolder, { recursive: true });
  const folder = await mkdtemp(join(cacheFolder, `${model.name}-`));
  const report: Report = {};
  try {
    // The name tells which of the models with the same tensors it is.
    const path = join(folder, `${model.name}-turbo-${to}.gguf`);
    const bytes = await writeRandomGguf(path, model.shapes(blocks), to);
    say(`${model.name} in ${to}: blocks ${blocks} of ${model.blocks}, ${(bytes / 1e9).toFixed(1)} GB`);
    const repacked = join(folder, 'repacked');
    await mkdir(repacked);
    for (const budget of memoryMb)
      for (const edge of edges) {
        const name = `${edge} px, ${budget === 0 ? 'no budget' : `${budget} MB`}`;
        say(`${name}...`);
        const task = { model: model.name, blocks, path, folder: repacked, edge, memoryMb: budget, rounds };
        report[name] = await runChild(program, task);
        say(JSON.stringify(report[name]));
      }
  } finally {
    await rm(folder, { recursive: true, maxRetries: 10 });
  }
  return report;
}
