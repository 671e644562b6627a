import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { isPictureOf } from '@easel/plugin-sdk/emulator';
import { randomOf } from '../draw.js';
import type { Tally } from '../random-run.js';
import { type Provider, pick, type Site } from '../site.js';
import { callByJob, callByStream, type ServerCall } from './callers.js';
import { ServerProcess } from './server-process.js';

const runMs = 240_000;
/** Requests after which nothing goes wrong any more, so that a run ends. */
const stormyRequests = 60;

/**
 * One run: jobs and streams, with seeds and without, while the provider has faults and the server is killed and told to end at random moments.
 * Every image must come, and be paid once.
 */
export async function randomServerRun(provider: Provider, seed: number, run: number): Promise<Tally> {
  const random = randomOf(seed, run);
  const site = await provider.open(random);
  const server = await ServerProcess.create(provider, site);
  const ending = new AbortController();
  const timer = setTimeout(() => ending.abort(new Error(`the run has not ended within ${runMs} ms`)), runMs);
  let kills = 0;
  try {
    startStorm(site, random);
    await server.start();
    const calls = Array.from({ length: 2 + Math.floor(random() * 4) }, (_, index) =>
      drawCall(site, random, run, index),
    );
    const answers = Promise.all(
      calls.map(({ call, by }, index) => by(server, call, `run-${run}-${index}`, ending.signal)),
    );
    answers.catch(() => {});
    const moments = Array.from({ length: 1 + Math.floor(random() * 2) }, () => ({
      afterMs: random() * 900,
      signal: pick(random, ['SIGKILL', 'SIGKILL', 'SIGTERM'] as const),
    }));
    for (const { afterMs, signal } of moments) {
      await pause(afterMs);
      await server.restart(signal);
      kills += 1;
    }
    const outcomes = await answers;
    const violations: string[] = [];
    const hashes = new Set<string>();
    let got = 0;
    for (const [index, outcome] of outcomes.entries()) {
      const { call } = calls[index] as (typeof calls)[number];
      if ('failure' in outcome) {
        violations.push(`"${call.prompt}" was not made: ${outcome.failure}`);
        continue;
      }
      if (outcome.images.length !== call.n)
        violations.push(`"${call.prompt}": ${outcome.images.length} of ${call.n} images came`);
      got += outcome.images.length;
      for (const bytes of outcome.images) {
        hashes.add(createHash('sha256').update(bytes).digest('hex'));
        if (!(await isPictureOf(bytes, call.prompt)))
          violations.push(`"${call.prompt}" got the image of another prompt`);
      }
    }
    const asked = calls.reduce((sum, { call }) => sum + call.n, 0);
    if (site.paid > got) violations.push(`${site.paid} images were paid, and ${got} came`);
    if (site.paid < got) violations.push(`${got} images came, and ${site.paid} were paid`);
    if (violations.length > 0) violations.push(server.lines.slice(-5).join(' | '));
    return { asked, got, paid: site.paid, lost: 0, kills, violations };
  } catch (error) {
    const violations = [`${String(error)}: ${server.lines.slice(-3).join(' | ')}`];
    return { asked: 0, got: 0, paid: site.paid, lost: 0, kills, violations };
  } finally {
    clearTimeout(timer);
    ending.abort();
    site.calm();
    await server.close();
    await site.close();
  }
}

function startStorm(site: Site, random: () => number): void {
  let requests = 0;
  site.onRequest = () => {
    requests += 1;
    if (requests === stormyRequests) site.calm();
  };
  (site.mildStorm ?? site.storm)(random);
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
