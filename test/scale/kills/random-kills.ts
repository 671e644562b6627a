import { setTimeout as delay } from 'node:timers/promises';
import { runwareKey, startRunwareEmulator } from '../../../plugins/runware/src/emulator/index.js';
import { randomOf } from '../../faults/draw.js';
import { pick } from '../../faults/site.js';
import { startS3Proxy } from '../fixtures/s3-proxy.js';
import { createWorld, fixtureFolders, type Server } from '../fixtures/world.js';
import { callUntilEnded, type Outcome } from './client.js';
import { TakeOvers } from './take-overs.js';

export interface KillRun {
  readonly kills: number;
  readonly seed: number;
  /** Seconds without a sign of life after which a job is given to another worker. */
  readonly leaseS: number;
  /** Ends it before so many. */
  readonly early: AbortSignal;
  /** Told what is done, a line each. */
  readonly say: (line: string) => void;
}

export interface KillReport {
  readonly kills: number;
  readonly jobs: number;
  readonly paid: number;
  /** Jobs of the paid provider that have failed and told that they may have been paid. */
  readonly told: number;
  /** Milliseconds that the slowest job took, from the first try of its caller to its end. */
  readonly slowestMs: number;
  /** Milliseconds from each loss of a free job's worker until another one has begun it. */
  readonly takeOverMs: readonly number[];
  readonly violations: readonly string[];
}

const callers = 4;
const callMs = 180_000;

/**
 * Callers ask two gateways for free and for paid images, and two workers make them, while one of these
 * servers after the other is killed or stands still beyond its lease, and Redis is killed, as the seed draws
 * it. Afterwards the ledgers are compared: of S3, of the provider and of the queue.
 */
export async function randomKills({ kills: most, seed, leaseS, early, say }: KillRun): Promise<KillReport> {
  const random = randomOf(seed, 0);
  const emulator = await startRunwareEmulator({
    script: ({ taskType }) => (taskType === 'imageInference' ? { workMs: 700 } : undefined),
  });
  const world = await createWorld({ RUNWARE_API_KEY: runwareKey });
  const takeOvers = new TakeOvers(world.redisPort, 'provider/steady', leaseS * 1_000);
  const s3 = await startS3Proxy(world.s3.endpoint);
  const configuration = {
    ...fixtureFolders,
    scale: { ...world.scale, leaseSeconds: leaseS, s3: { ...world.s3, endpoint: s3.endpoint } },
    plugins: {
      runware: {
        options: {
          ...{ webSocketUrl: emulator.url, httpUrl: emulator.httpUrl, allowPrivateAddresses: true },
          ...{ firstPollMs: 50, longestPollMs: 200, answerMs: 1_000 },
        },
      },
    },
  };
  try {
    const roles = ['gateway', 'gateway', 'worker', 'worker'] as const;
    const servers: Server[] = await Promise.all(roles.map((role) => world.serve(role, configuration)));
    const gateway = () => servers[Math.floor(random() * 2)]?.url ?? '';
    let isStorm = true;
    const outcomes: Outcome[] = [];
    const violations: string[] = [];
    const call = async (caller: number) => {
      for (let number = 0; isStorm; number++) {
        const wish = {
          key: `${seed}-${caller}-${number}`,
          model: pick(random, ['steady-one', 'runware-sdxl'] as const),
        };
        const asked = { asksTwice: random() < 0.3, withinMs: callMs };
        await callUntilEnded(wish, gateway, asked).then(
          (outcome) => outcomes.push(outcome),
          (error: Error) => violations.push(error.message),
        );
      }
    };
    const calling = Promise.all(Array.from({ length: callers }, (_, caller) => call(caller)));
    let kill = 0;
    for (; kill < most && !early.aborted; kill++) {
      await delay(200 + random() * 1_500);
      const which = random();
      const place = Math.floor(random() * 2) + (which < 0.75 ? 2 : 0);
      const server = servers[place] as Server;
      await takeOvers.read();
      if (place >= 2 && which < 0.75) takeOvers.noteFault();
      if (which < 0.6 || (which >= 0.75 && which < 0.9)) {
        say(`${kill + 1}: the ${roles[place]} ${place} is killed`);
        await server.end('SIGKILL');
        servers[place] = await startAgain(server);
      } else if (which < 0.75) {
        say(`${kill + 1}: the worker ${place} stands still`);
        server.child.kill('SIGSTOP');
        await delay(leaseS * 2_000);
        server.child.kill('SIGCONT');
      } else {
        say(`${kill + 1}: Redis is killed`);
        await world.killRedis();
        await delay(500);
        await world.startRedis();
      }
    }
    isStorm = false;
    await calling;
    await takeOvers.read();
    const told = outcomes.filter(({ answer }) => answer.error?.mayBePaid);
    violations.push(...outcomes.flatMap(wrongOf));
    const succeeded = (model: string) =>
      outcomes.filter((outcome) => outcome.model === model && outcome.answer.state === 'succeeded').length;
    const made = succeeded('runware-sdxl');
    if (emulator.paid < made || emulator.paid > made + told.length)
      violations.push(`${emulator.paid} were paid, ${made} came and ${told.length} told that they may be`);
    for (const { answer } of outcomes) {
      const ends = s3.written.get(`jobs/${answer.id}/end.json`);
      if (ends !== 1) violations.push(`${answer.id} has ended ${ends ?? 0} times`);
    }
    const left = await untilNothingIsLeft(() => world.leftovers());
    if (left) violations.push(`left behind: ${left}`);
    return {
      ...{ kills: kill, jobs: outcomes.length, paid: emulator.paid, told: told.length, violations },
      takeOverMs: takeOvers.tookMs,
      slowestMs: Math.max(0, ...outcomes.map(({ tookMs }) => tookMs)),
    };
  } finally {
    await world.close();
    s3.close();
    await emulator.close();
  }
}

/** Starts a server as often as it takes, as whatever runs servers does: what they share may be slow. */
async function startAgain(server: Server, tries = 10): Promise<Server> {
  try {
    return await server.again();
  } catch (error) {
    if (tries === 1) throw error;
    return await startAgain(server, tries - 1);
  }
}

/** What must not be, whatever was killed. */
function wrongOf({ key, model, ids, answer }: Outcome): string[] {
  const { state, error, result } = answer;
  const isTold = state === 'failed' && model === 'runware-sdxl' && error?.mayBePaid === true;
  return [
    ...(ids.size === 1 ? [] : [`${key} is ${ids.size} jobs`]),
    ...(state === 'succeeded' || isTold ? [] : [`${key} of ${model} is ${state}: ${error?.message}`]),
    ...(state === 'succeeded' && result?.images.length !== 1 ? [`${key} has not one image`] : []),
  ];
}

/** What is left behind after a minute, as JSON. Undefined: nothing. */
async function untilNothingIsLeft(count: () => Promise<object>): Promise<string | undefined> {
  let left = '';
  for (let tries = 0; tries < 60; tries++) {
    const counts = await count();
    if (Object.values(counts).every((one) => one === 0)) return undefined;
    left = JSON.stringify(counts);
    await delay(1_000);
  }
  return left;
}
