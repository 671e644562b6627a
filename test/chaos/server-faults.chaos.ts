import { describe, expect, it } from 'vitest';
import { serverProviders } from '../faults/providers.js';
import { randomRuns, sayRuns } from '../faults/random-runs.js';
import { randomServerRun } from '../faults/server/server-run.js';

/** Random runs of each provider. `npm run test:faults -- --server` makes more. */
const runs = 3;
const seed = 20_261_123;

describe.each(serverProviders.map((provider) => ({ name: provider.name, provider })))(
  '$name behind a server that is killed',
  ({ name, provider }) => {
    it('is paid once for each image that comes, and tells what is lost', async () => {
      const numbers = Array.from({ length: runs }, (_, index) => index);
      const summary = await randomRuns(provider, { seed, numbers, make: randomServerRun });
      console.log(sayRuns(`${name}, server killed`, summary));
      expect(summary.violations, `npm run test:faults -- --server --provider ${name} --seed ${seed}`).toEqual(
        [],
      );
      expect(summary.kills).toBeGreaterThan(0);
      expect(summary.got).toBeGreaterThan(0);
    });
  },
);
