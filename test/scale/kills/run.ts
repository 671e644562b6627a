/**
 * `npm run test:kills -- --kills 500 --seed 7 --lease 10`: servers on Redis and S3 that are killed at random,
 * with leases of so many seconds; SIGTERM has it come to an end before. Exit status 1: something was lost,
 * paid twice, or ended twice.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { randomKills } from './random-kills.js';
import { percentileOf } from './take-overs.js';

const text = { type: 'string' } as const;
const { values } = parseArgs({ options: { kills: text, seed: text, lease: text } });
const { kills, seed, lease } = z
  .object({
    kills: z.coerce.number().int().min(1).max(100_000).default(500),
    seed: z.coerce
      .number()
      .int()
      .min(0)
      .default(() => randomInt(2 ** 31)),
    lease: z.coerce.number().min(1).max(60).default(3),
  })
  .parse(values);
const say = (line: string) => void process.stdout.write(`${line}\n`);
say(`seed ${seed}`);
const early = new AbortController();
process.once('SIGTERM', () => early.abort());
const report = await randomKills({ kills, seed, leaseS: lease, early: early.signal, say });
const { violations, jobs, paid, told, slowestMs, takeOverMs } = report;
for (const violation of violations) say(`violation: ${violation}`);
say(
  `${report.kills} kills, ${jobs} jobs, ${paid} paid, ${told} told that they may have been; ` +
    `the slowest took ${(slowestMs / 1_000).toFixed(1)} s; ${violations.length} violations`,
);
const seconds = (share: number) => (percentileOf(takeOverMs, share) / 1_000).toFixed(1);
say(
  `${takeOverMs.length} jobs were taken over after p50 ${seconds(0.5)} s, p95 ${seconds(0.95)} s, ` +
    `at most ${seconds(1)} s, with leases of ${lease} s`,
);
process.exit(violations.length > 0 ? 1 : 0);
