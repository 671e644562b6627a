import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CaseOutcome, ReferenceCase, ReferenceKind } from './case.js';
import { adapters } from './kinds/adapters.js';
import { lora } from './kinds/lora.js';
import { networks } from './kinds/networks.js';
import { noise } from './kinds/noise.js';
import { pipelines } from './kinds/pipelines.js';
import { promptWeights } from './kinds/prompt-weights.js';
import { quantised } from './kinds/quantised.js';
import { samplers } from './kinds/samplers.js';
import { schedulers } from './kinds/schedulers.js';
import { singleFile } from './kinds/single-file.js';
import { tokenizer } from './kinds/tokenizer.js';

const kinds: readonly ReferenceKind[] = [
  noise,
  schedulers,
  samplers,
  networks,
  pipelines,
  tokenizer,
  singleFile,
  lora,
  adapters,
  quantised,
  promptWeights,
];
const labels = { passed: 'passed   ', failed: 'FAILED   ', 'not-built': 'not built' } as const;

/**
 * The entries of a sub-folder that no kind reads yet: listed one by one, so that nothing is left out in
 * silence.
 */
async function unreadCases(folder: string): Promise<ReferenceCase[]> {
  const entries = await readdir(folder);
  const run = async (): Promise<CaseOutcome> => ({
    status: 'not-built',
    detail: 'no kind reads this folder',
  });
  return entries.sort().map((id) => ({ id, run }));
}

async function outcomeOf(reference: ReferenceCase): Promise<CaseOutcome> {
  try {
    return await reference.run();
  } catch (error) {
    return { status: 'failed', detail: error instanceof Error ? error.message : String(error) };
  }
}

async function casesOf(folder: string, name: string): Promise<ReferenceCase[]> {
  const kind = kinds.find((candidate) => candidate.folder === name);
  try {
    return await (kind ? kind.cases(join(folder, name)) : unreadCases(join(folder, name)));
  } catch (error) {
    return [{ id: '(folder)', run: () => Promise.reject(error) }];
  }
}

/**
 * Runs every case below `folder` whose name has `part`, prints a line for each, and returns the exit status.
 */
async function runAll(folder: string, part: string): Promise<number> {
  const names = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const counts = { passed: 0, failed: 0, 'not-built': 0 };
  for (const name of names.map((entry) => entry.name).sort()) {
    for (const reference of await casesOf(folder, name)) {
      if (!`${name}/${reference.id}`.includes(part)) continue;
      const { status, detail } = await outcomeOf(reference);
      counts[status] += 1;
      console.log(`${labels[status]}  ${name}/${reference.id}  ${detail}`);
    }
  }
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts['not-built']} not built`);
  return counts.failed > 0 || counts.passed + counts['not-built'] === 0 ? 1 : 0;
}

const [, , folder, part = ''] = process.argv;
if (folder === undefined) {
  console.error('usage: npm run test:reference -- <folder of reference cases> [part of a name]');
  process.exitCode = 2;
} else {
  process.exitCode = await runAll(folder, part);
}
