import { describe, expect, it } from 'vitest';
import { runMatrix } from '../faults/matrix.js';
import { providers } from '../faults/providers.js';
import { randomRun } from '../faults/random-run.js';
import { randomRuns, sayRuns } from '../faults/random-runs.js';
import { differences, tableOf } from '../faults/table.js';

/** Random runs of each provider. `npm run test:faults -- --runs 500` makes more. */
const runs = 5;
const seed = 20_261_123;

describe.each(providers.map((provider) => ({ name: provider.name, provider })))(
  '$name',
  ({ name, provider }) => {
    it('does with each fault what the table in its README says', async () => {
      const { rows, violations } = await runMatrix(provider);
      expect(violations).toEqual([]);
      expect(await differences(provider, tableOf(rows)), 'npm run test:faults writes it anew').toEqual([]);
    });

    it(`pays nothing twice and loses nothing in ${runs} runs of faults and kills`, async () => {
      const numbers = Array.from({ length: runs }, (_, index) => index);
      const summary = await randomRuns(provider, { seed, numbers, make: randomRun });
      console.log(sayRuns(name, summary));
      expect(summary.violations, `npm run test:faults -- --provider ${name} --seed ${seed}`).toEqual([]);
      expect(summary.kills).toBeGreaterThan(0);
      expect(summary.got).toBeGreaterThan(0);
    });
  },
);
