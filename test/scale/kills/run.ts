/**
 * `npm run test:kills -- --kills 500 --seed 7`: servers on Redis and S3 that are killed at random. Exit status
 * 1: something was lost, paid twice, or ended twice.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { randomKills } from './random-kills.js';

const { values } = parseArgs({ options: { kills: { type: 'string' }, seed: { type: 'string' } } });
const { kills, seed } = z
  .object({
    kills: z.coerce.number().int().min(1).max(100_000).default(500),
    seed: z.coerce
      .number()
      .int()
      .min(0)
      .default(() => randomInt(2 ** 31)),
  })
  .parse(values);
const say = (line: string) => void process.stdout.write(`${line}\n`);
say(`seed ${seed}`);
const { violations, jobs, paid, told, slowestMs } = await randomKills({ kills, seed, say });
for (const violation of violations) say(`violation: ${violation}`);
say(
  `${kills} kills, ${jobs} jobs, ${paid} paid, ${told} told that they may have been; ` +
    `the slowest took ${(slowestMs / 1_000).toFixed(1)} s; ${violations.length} violations`,
);
process.exit(violations.length > 0 ? 1 : 0);
