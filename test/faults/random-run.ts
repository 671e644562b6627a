import { callInTurn, compareCalls } from './call-once.js';
import { callStubbornly } from './call-stubbornly.js';
import { drawPlan, type Plan, randomOf } from './draw.js';
import type { Provider, Site } from './site.js';
import { type Tally, tallyOf } from './tally.js';
import { openWorld, type World } from './world.js';

/** Milliseconds after which a run is given up: a call has a time limit of its own. */
const runMs = 400_000;
/** Requests after which nothing goes wrong any more, so that a run ends. */
const stormyRequests = 60;

/**
 * One run: calls in a storm of faults, the plugin's process killed at random moments, and the accounts
 * compared at the end.
 */
export async function randomRun(provider: Provider, seed: number, run: number): Promise<Tally> {
  const random = randomOf(seed, run);
  const site = await provider.open(random);
  const world = await openWorld(provider, site, site.options);
  const ending = new AbortController();
  const timer = setTimeout(() => ending.abort(), runMs);
  try {
    const plan = drawPlan(random);
    const killing = startKilling(plan, site, world);
    const asked = plan.calls.map((n, index) => ({
      ...{ ...site.drawRequest(random), prompt: `run ${run}, call ${index}`, n },
      ...(site.account || site.isSeedless ? {} : { seed: 10 * index + 1 }),
    }));
    const calling = site.account
      ? Promise.all(asked.map((each) => callInTurn(world, site, each))).then((calls) =>
          compareCalls(site, calls.flat()),
        )
      : Promise.all(asked.map((each) => callStubbornly(world, each)));
    const made = await Promise.race([calling, rejection(ending.signal)]);
    const kills = killing.stop();
    return tallyOf(site, made, { kills, ended: kills + (plan.restart ? 1 : 0) });
  } catch (error) {
    return { asked: 0, got: 0, paid: 0, lost: 0, kills: 0, violations: [String(error)] };
  } finally {
    clearTimeout(timer);
    await world.close();
    await site.close();
  }
}

/** Has the storm begin, and the process killed when its moments come. */
function startKilling({ kills, restart, random }: Plan, site: Site, world: World): { stop(): number } {
  let requests = 0;
  let killed = 0;
  const timers: NodeJS.Timeout[] = [];
  const after = (ms: number, act: () => void) => void timers.push(setTimeout(act, ms));
  const kill = () => {
    if (world.kill()) killed += 1;
  };
  site.onRequest = () => {
    requests += 1;
    for (const moment of kills) if (moment.requests === requests) after(moment.ms, kill);
    if (requests === stormyRequests) site.calm();
  };
  for (const moment of kills) if (moment.requests === 0) after(moment.ms, kill);
  if (restart) after(restart.atMs, () => void site.restart(restart.downMs).catch(() => {}));
  site.storm(random);
  return {
    stop() {
      for (const timer of timers) clearTimeout(timer);
      return killed;
    },
  };
}

const rejection = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) =>
    signal.addEventListener('abort', () => reject(new Error(`the run has not ended within ${runMs} ms`)), {
      once: true,
    }),
  );
