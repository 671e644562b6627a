import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { PhaseTask } from './phase-process.js';

const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const program = fileURLToPath(new URL('./phase-process.ts', import.meta.url));
const figuresSchema = z.record(z.string(), z.number().nullable());

/** Figures of a phase by name, measured in a child process. A figure that could not be measured is NaN. */
export const runPhase = (task: PhaseTask): Promise<Record<string, number>> => runChild(program, task);

/** The same for another program that is told a task by its argument and answers by its last line. */
export async function runChild(child: string, task: object): Promise<Record<string, number>> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--import',
    tsx,
    child,
    JSON.stringify(task),
  ]);
  const figures = figuresSchema.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, value ?? Number.NaN]));
}
