import { setTimeout as pause } from 'node:timers/promises';
import { linkSignals } from '@easel/plugin-sdk';
import { isPictureOf } from '@easel/plugin-sdk/emulator';
import { randomOf } from '../draw.js';
import { type Provider, pick, type Site } from '../site.js';
import { type Tally, tallyOf } from '../tally.js';
import { callByJob, callByStream, type ServerCall, type ServerOutcome } from './callers.js';
import { ServerProcess } from './server-process.js';

type Drawn = ReturnType<typeof drawCall>;

const runMs = 600_000;
/** Requests after which nothing goes wrong any more, so that a run ends. */
const stormyRequests = 60;

/**
 * One run: jobs and streams, with seeds and without, while the provider has faults and the server is killed,
 * alone or with its plugins, and told to end at random moments. Every image must come, and be paid once; but
 * one that is lost with the plugin's process at a provider that cannot be asked about it must have been told.
 */
export async function randomServerRun(provider: Provider, seed: number, run: number): Promise<Tally> {
  const random = randomOf(seed, run);
  const site = await provider.open(random);
  const server = await ServerProcess.create(provider, site);
  const ending = new AbortController();
  const timer = setTimeout(() => ending.abort(new Error(`the run has not ended within ${runMs} ms`)), runMs);
  let kills = 0;
  /** Prompts of the calls that have no answer. */
  const open = new Set<string>();
  try {
    const storm = startStorm(site, random);
    await server.start();
    const calls = Array.from({ length: 2 + Math.floor(random() * 4) }, (_, index) =>
      drawCall(site, random, run, index),
    );
    const answers = Promise.all(
      calls.map(async ({ call, by }, index) => {
        open.add(call.prompt);
        const outcome = await by(server, call, `run-${run}-${index}`, ending.signal);
        open.delete(call.prompt);
        return outcome;
      }),
    );
    const settled = answers.then(
      () => true,
      () => true,
    );
    const moments = Array.from({ length: 1 + Math.floor(random() * 3) }, () =>
      drawMoment(random, calls.length),
    );
    for (const { requests, ms, ending } of moments) {
      const isOver = await Promise.race([settled, storm.more(requests).then(() => pause(ms, false))]);
      if (isOver) break;
      await server.restart(ending);
      kills += 1;
    }
    const outcomes = await answers;
    const mayLose = site.isLostWithProcess === true && moments.some(({ ending }) => ending === 'all');
    const accounts = await Promise.all(
      outcomes.map((outcome, index) => compare((calls[index] as Drawn).call, outcome, mayLose)),
    );
    const tally = tallyOf(site, accounts, { kills, ended: kills });
    const violations = [...tally.violations];
    if (violations.length > 0) violations.push(server.lines.slice(-5).join(' | '));
    return { ...tally, violations };
  } catch (error) {
    const lines = server.lines.slice(-3).join(' | ');
    const violations = [
      `${String(error)}; without an answer: ${[...open].join(' | ')}; jobs: ${await jobsOf(server)}; ${lines}`,
    ];
    return { asked: 0, got: 0, paid: site.paid, lost: 0, kills, violations };
  } finally {
    clearTimeout(timer);
    ending.abort();
    site.calm();
    await server.close();
    await site.close();
  }
}

/** What a call asked for and what came of it. */
async function compare({ prompt, n }: ServerCall, { images, told }: ServerOutcome, mayLose: boolean) {
  const violations: string[] = [];
  const lost = n - images.length;
  const isTold = told.includes('may have been paid');
  if (lost < 0) violations.push(`"${prompt}": ${images.length} images came, and ${n} were asked for`);
  if (lost > 0 && !(mayLose && isTold))
    violations.push(`"${prompt}": ${lost} of ${n} images are missing: ${told}`);
  for (const bytes of images)
    if (!(await isPictureOf(bytes, prompt))) violations.push(`"${prompt}" got the image of another prompt`);
  return { asked: n, got: images.length, lost: Math.max(0, lost), violations };
}

/** The jobs that a server knows, as it tells them. */
async function jobsOf(server: ServerProcess): Promise<string> {
  const { signal, unlink } = linkSignals([], 5_000);
  try {
    return await (await fetch(`${await server.url}/api/images/jobs`, { signal })).text();
  } catch (error) {
    return String(error);
  } finally {
    unlink();
  }
}

/**
 * When the server ends, as requests to the provider from now on, one for each call or fewer, and milliseconds
 * after them, and how.
 */
function drawMoment(random: () => number, calls: number) {
  const requests = random() < 0.8 ? 1 + Math.floor(random() * calls) : 0;
  const ms = random() * (requests === 0 ? 900 : 80);
  return { requests, ms, ending: pick(random, ['SIGKILL', 'SIGKILL', 'SIGTERM', 'all'] as const) };
}

/** Has the storm begin. Requests to the provider are counted. */
function startStorm(site: Site, random: () => number): { more(requests: number): Promise<void> } {
  let seen = 0;
  const waiting = new Map<() => void, number>();
  site.onRequest = () => {
    seen += 1;
    for (const [resolve, from] of waiting) if (seen >= from) resolve();
    if (seen === stormyRequests) site.calm();
  };
  (site.mildStorm ?? site.storm)(random);
  return {
    async more(requests) {
      if (requests > 0) await new Promise<void>((resolve) => waiting.set(resolve, seen + requests));
    },
  };
}

function drawCall(site: Site, random: () => number, run: number, index: number) {
  const { width, height, providerOptions } = site.drawRequest(random);
  const call: ServerCall = {
    prompt: `run ${run}, call ${index}`,
    n: pick(random, [1, 1, 2, 3]),
    seed: site.isSeedless || random() < 0.5 ? undefined : 10 * index + 1,
    size: width === undefined ? undefined : `${width}x${height}`,
    providerOptions,
  };
  return { call, by: random() < 0.7 ? callByJob : callByStream };
}
