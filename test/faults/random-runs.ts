import type { Provider } from './site.js';
import type { Tally } from './tally.js';

export interface Summary extends Tally {
  readonly runs: number;
}

/** Runs beside each other: they wait more than they work. */
const parallel = 4;

/** Runs after which it is told how all of them went until then. */
const told = 25;

export interface RunsListeners {
  /** Told of each violation and its run at once. Absent: nobody is. */
  readonly onViolation?: (run: number, violation: string) => void;
  /** Told of all runs until then, from time to time. Absent: nobody is. */
  readonly onProgress?: (summary: Summary) => void;
}

/** All random runs of a provider. */
export async function randomRuns(
  provider: Provider,
  {
    seed,
    numbers,
    make,
  }: {
    readonly seed: number;
    readonly numbers: readonly number[];
    /** Makes one run. */
    readonly make: (provider: Provider, seed: number, run: number) => Promise<Tally>;
  },
  { onViolation, onProgress }: RunsListeners = {},
): Promise<Summary> {
  const waiting = [...numbers];
  const tallies: Tally[] = [];
  const work = async () => {
    for (let run = waiting.shift(); run !== undefined; run = waiting.shift()) {
      const tally = await make(provider, seed, run);
      tallies.push(tally);
      for (const violation of tally.violations) onViolation?.(run, violation);
      if (tallies.length % told === 0) onProgress?.(summaryOf(tallies));
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  return summaryOf(tallies);
}

function summaryOf(tallies: readonly Tally[]): Summary {
  const sum = (of: 'asked' | 'got' | 'paid' | 'lost' | 'kills') =>
    tallies.reduce((all, tally) => all + tally[of], 0);
  return {
    runs: tallies.length,
    ...{ asked: sum('asked'), got: sum('got'), paid: sum('paid'), lost: sum('lost'), kills: sum('kills') },
    violations: tallies.flatMap(({ violations }) => violations),
  };
}

export const sayRuns = (name: string, { runs, kills, asked, got, paid, lost, violations }: Summary): string =>
  `${name}: ${runs} runs, ${kills} kills; ${asked} pictures asked for, ${got} came, ${paid} paid, ${lost} lost (their callers were told); ${violations.length} violations`;
