import { expect, it } from 'vitest';
import { randomKills } from './kills/random-kills.js';

// `npm run test:kills` makes as many as one likes.
const [kills, seed] = [4, 7];
const never = new AbortController().signal;

it(`of ${kills} kills drawn by a seed, nothing is lost, paid twice or ended twice`, async () => {
  const { violations, jobs, paid } = await randomKills({
    kills,
    seed,
    leaseS: 3,
    early: never,
    say: () => {},
  });
  expect(violations).toEqual([]);
  // It has to be about something.
  expect(jobs).toBeGreaterThan(kills / 2);
  expect(paid).toBeGreaterThan(0);
  console.log(`${kills} kills, ${jobs} jobs, ${paid} paid`);
}, 400_000);
