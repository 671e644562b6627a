/**
 * `npm run test:faults`: the matrix of every hosted provider into its README, and random runs. Exit status 1:
 * something was paid twice, or lost.
 */
import { runMatrix } from './matrix.js';
import { type Options, readOptions } from './options.js';
import { randomRun } from './random-run.js';
import { randomRuns, sayRuns } from './random-runs.js';
import { randomServerRun } from './server/server-run.js';
import type { Provider } from './site.js';
import { differences, tableOf, writeTable } from './table.js';

const say = (line: string) => void process.stdout.write(`${line}\n`);

/** Answers whether all is as it must be. */
async function makeMatrix(provider: Provider, { isCheck }: Options): Promise<boolean> {
  const { rows, violations } = await runMatrix(provider);
  for (const violation of violations) say(`violation: ${violation}`);
  const table = tableOf(rows);
  const differing = await differences(provider, table);
  if (isCheck && differing.length > 0)
    say(`plugins/${provider.plugin}/README.md differs from the run:\n${differing.join('\n')}`);
  if (!isCheck && differing.length > 0) await writeTable(provider, table);
  say(`${provider.name}: ${rows.length} faults, each on its own; ${violations.length} violations`);
  return violations.length === 0 && !(isCheck && differing.length > 0);
}

async function makeRuns(provider: Provider, { runs, run, seed, isServer }: Options): Promise<string> {
  const numbers = run === undefined ? Array.from({ length: runs }, (_, index) => index) : [run];
  const summary = await randomRuns(
    provider,
    { seed, numbers, make: isServer ? randomServerRun : randomRun },
    {
      onViolation: (number, violation) =>
        say(
          `violation: ${violation}\n  again: npm run test:faults -- ${isServer ? '--server ' : ''}--provider ${provider.name} --seed ${seed} --run ${number}`,
        ),
      onProgress: (summary) => say(`so far: ${sayRuns(provider.name, summary)}`),
    },
  );
  if (summary.violations.length > 0) process.exitCode = 1;
  return sayRuns(provider.name, summary);
}

const options = readOptions(process.argv.slice(2));
say(`seed ${options.seed}`);
const summaries: string[] = [];
for (const provider of options.chosen) {
  if (!options.isServer && options.run === undefined && !(await makeMatrix(provider, options)))
    process.exitCode = 1;
  summaries.push(await makeRuns(provider, options));
}
for (const summary of summaries) say(summary);
