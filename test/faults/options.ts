import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { providers, serverProviders } from './providers.js';
import type { Provider } from './site.js';

export interface Options {
  /** Random runs of each provider. */
  readonly runs: number;
  readonly seed: number;
  /** The one run to be repeated. Absent: all are made, and the matrix. */
  readonly run?: number | undefined;
  readonly chosen: readonly Provider[];
  /** Whether the server is killed, and not the plugin's process alone. */
  readonly isServer: boolean;
  /** Whether the READMEs are compared, and not written. */
  readonly isCheck: boolean;
}

export const usage = `npm run test:faults -- [--runs N] [--seed S] [--run K] [--provider ${serverProviders.map(({ name }) => name).join('|')}] [--server] [--check]
  --runs      random runs of each provider (60)
  --seed      what they are drawn by (another one each time; it is printed)
  --run       only that run of the seed, to see a violation again
  --provider  only that one
  --server    kill the server, with jobs and streams, and not the plugin's process alone; makes no table
  --check     fail where a README's table differs, and write none`;

const number = z.coerce.number().int().nonnegative();
const schema = z.object({
  runs: number.max(100_000).default(60),
  seed: number.max(2 ** 32 - 1).optional(),
  run: number.optional(),
  provider: z.enum(serverProviders.map(({ name }) => name)).optional(),
  server: z.boolean().default(false),
  check: z.boolean().default(false),
});

/** @throws Error what is wrong with the words of a command line */
export function readOptions(words: string[]): Options {
  const { values } = parseArgs({
    args: words,
    options: {
      runs: { type: 'string' },
      seed: { type: 'string' },
      run: { type: 'string' },
      provider: { type: 'string' },
      server: { type: 'boolean' },
      check: { type: 'boolean' },
    },
  });
  const { success, data, error } = schema.safeParse(values);
  if (!success) throw new Error(`${z.prettifyError(error)}\n${usage}`);
  const { runs, run, seed = randomInt(2 ** 32 - 1), provider, server, check } = data;
  const chosen = (server ? serverProviders : providers).filter(
    ({ name }) => provider === undefined || name === provider,
  );
  return { runs, run, seed, chosen, isServer: server, isCheck: check };
}
