/**
 * Where the next limit is: 100 to 10,000 workers in simulated time, that take jobs by the product's
 * own rule, and what they ask of a Redis, in the processor time that a real one takes for each of it.
 *
 * @module
 */
import { randomOf } from '../faults/draw.js';
import { percentileOf } from '../scale/kills/take-overs.js';
import { measureRedis, type RedisTimes } from './workers/measure-redis.js';
import { type FleetFigures, simulate } from './workers/simulate.js';

/** Of an image on a card of the middle class, and of loading a model: assumed. */
const [imageMs, loadMs] = [4_000, 10_000];
const [models, modelsEach, load, patienceMs] = [20, 4, 0.8, 30_000];
/** Of the product: seconds of a lease, of a look, between progress, and between comparisons. */
const [leaseS, lookS, progressS, reconcileS] = [10, 0.25, 0.5, 30];
/** Jobs a second that a gateway bears: 40 milliseconds of processor each, as `bench:scale` has measured. */
const jobsEachGateway = 25;

const lanes = ['jobs', ...Array.from({ length: modelsEach }, (_, model) => `model/m${model}`)];

/** Microseconds of Redis in a second, by what for. */
function redisLoad(workers: number, { jobsASecond, waitMs }: FleetFigures, times: RedisTimes) {
  const busy = (jobsASecond * imageMs) / 1_000;
  const gateways = Math.max(2, Math.ceil(jobsASecond / jobsEachGateway));
  const messages = jobsASecond * (3 + imageMs / 1_000 / progressS);
  const open = busy + jobsASecond * (waitMs.reduce((sum, ms) => sum + ms, 0) / waitMs.length / 1_000);
  return {
    jobs: jobsASecond * (times.add + times.take + times.end),
    leases: busy * (times.renew / (leaseS / 4) + times.askEnded / lookS),
    'idle looks': (workers - busy) * (times.look / 5),
    announcements: workers * (times.announce / leaseS),
    'looks for lost jobs': workers * lanes.length * (times.askStalled / (leaseS / 2)),
    'messages to gateways': messages * gateways * times.deliver,
    'comparisons with S3': (open / reconcileS) * times.compare,
  };
}

const times = await measureRedis(lanes, 1_000);
const rounded = Object.entries(times).map(([what, us]) => `${what} ${us.toFixed(1)}`);
console.log(`microseconds of Redis: ${rounded.join(', ')}`);
for (const workers of [100, 300, 1_000, 3_000, 10_000]) {
  // Without a model to stay with, more and more jobs are left: one size shows it.
  for (const patience of workers === 1_000 ? [0, patienceMs] : [patienceMs]) {
    const random = randomOf(7, 0);
    const fleet = { workers, models, modelsEach, imageMs, loadMs, load, random, forMs: 120_000 };
    const figures = simulate({ ...fleet, patienceMs: patience });
    const wait = (share: number) => (percentileOf(figures.waitMs, share) / 1_000).toFixed(1);
    console.log(
      `${workers} workers, ${patience === 0 ? 'the first job whichever it is' : 'by the model loaded'}: ` +
        `${figures.jobsASecond.toFixed(0)} jobs/s, waited p50 ${wait(0.5)} s, p99 ${wait(0.99)} s, ` +
        `${figures.loadsAJob.toFixed(3)} models loaded a job, ${figures.left} left`,
    );
    if (patience === 0) continue;
    const used = Object.entries(redisLoad(workers, figures, times));
    const shares = used.map(([what, us]) => `${what} ${(us / 1e4).toFixed(1)} %`);
    const all = used.reduce((sum, [, us]) => sum + us, 0) / 1e4;
    console.log(`  of one Redis ${all.toFixed(0)} %: ${shares.join(', ')}`);
  }
}
process.exit(0);
