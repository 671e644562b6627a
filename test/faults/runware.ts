import {
  contentRefused,
  type Fields,
  internalError,
  invalidApiKey,
  type RunwareEmulator,
  type RunwareFault,
  rateLimited,
  runwareKey,
  startRunwareEmulator,
  timedOut,
} from '../../plugins/runware/src/emulator/index.js';
import { type Fault, lateMs, type Provider, pick, type Site, type Stage } from './site.js';

const options = (more: Record<string, string | number>) => ({ providerOptions: { runware: more } });
const seed = 7;
const several = { n: 3, seed, ...options({ picturesPerTask: 3 }) };
const isTask = ({ taskType }: Fields) => taskType === 'imageInference';
const isQuestion = ({ taskType }: Fields) => taskType === 'getResponse';

/** What happens to the first task, or to the first question about one. */
const ofMessage: readonly (readonly [string, RunwareFault, (message: Fields) => boolean])[] = [
  ['nothing', {}, isTask],
  ['the socket breaks off before the task is taken', { drop: 'before' }, isTask],
  ['the socket breaks off when the task is taken', { drop: 'after' }, isTask],
  ['the socket breaks off in the middle of a frame', { drop: 'mid-frame' }, isTask],
  ['no answer to the task', { swallow: true }, isTask],
  ['the answer comes three times', { duplicates: 2 }, isTask],
  ['the answer is HTML', { garbage: '<html>502 Bad Gateway' }, isTask],
  ['the answer trickles', { trickle: { bytes: 200, everyMs: 1 } }, isTask],
  ['429', { refuse: rateLimited }, isTask],
  ['an internal error that names no task', { refuse: internalError, isUnnamed: true }, isTask],
  ['the prompt is refused', { refuse: contentRefused }, isTask],
  ['the key is refused', { refuse: invalidApiKey }, isTask],
  ['the task fails at Runware', { fail: { after: 0, error: timedOut } }, isTask],
  ['a question breaks off', { drop: 'after' }, isQuestion],
  ['a question has no answer', { swallow: true }, isQuestion],
  ['a question is answered by garbage', { garbage: '<html>' }, isQuestion],
];

function faultsOf(emulator: RunwareEmulator): Fault[] {
  /** Does that at the first message of the kind, and lets the fault happen to it. */
  const atFirst = (
    matches: (message: Fields) => boolean,
    act: () => void,
    fault: RunwareFault = { workMs: 100 },
  ) => {
    let isOver = false;
    emulator.script = (message) => {
      if (isOver || !matches(message)) return undefined;
      isOver = true;
      act();
      return fault;
    };
  };
  const killed = (matches: (message: Fields) => boolean, fault: RunwareFault) => (stage: Stage) =>
    atFirst(matches, stage.kill, fault);
  const one = { seed };
  return [
    ...ofMessage.map(([name, fault, matches]) => ({
      name,
      request: one,
      strike: () => atFirst(matches, () => {}, fault),
    })),
    {
      name: 'results pushed out of order, in one frame',
      request: { ...several, ...options({ picturesPerTask: 3, delivery: 'sync' }) },
      strike: () => atFirst(isTask, () => {}, { isTogether: true }),
    },
    {
      name: 'two of three pictures made, then a failure',
      request: several,
      strike: () => atFirst(isTask, () => {}, { fail: { after: 2, error: timedOut } }),
    },
    {
      name: 'the session expires, and the socket with it',
      request: one,
      strike: () =>
        atFirst(isQuestion, () => {
          emulator.expireSessions();
          emulator.dropSockets();
        }),
    },
    {
      name: 'Runware restarts',
      request: one,
      strike: () => atFirst(isQuestion, () => void emulator.restart({ downMs: 200 })),
    },
    {
      name: 'Runware restarts and has forgotten the task',
      request: one,
      mayLose: true,
      strike: () =>
        atFirst(isQuestion, () => {
          emulator.script = undefined;
          void emulator.restart({ downMs: 50, forgets: true });
        }),
    },
    { name: '`kill -9` before the task is taken', request: one, strike: killed(isTask, { drop: 'before' }) },
    { name: '`kill -9` when the task is taken', request: one, strike: killed(isTask, { workMs: 100 }) },
    {
      name: '`kill -9` when three tasks are asked about',
      request: { n: 3, seed },
      strike: killed(isQuestion, {}),
    },
  ];
}

/** What goes wrong on the way at random. */
export const lossyFaults: readonly RunwareFault[] = [
  { drop: 'before' },
  { drop: 'after' },
  { drop: 'mid-frame' },
  { swallow: true },
  { duplicates: 2 },
  { garbage: '<html>' },
  { delayMs: 150 },
  { trickle: { bytes: 200, everyMs: 1 } },
];

/** All that goes wrong at random. Nothing of it keeps a picture from being made in the end. */
const storms: readonly RunwareFault[] = [
  ...lossyFaults,
  { refuse: rateLimited },
  { refuse: internalError, isUnnamed: true },
  // Over WebSockets there is no status.
  { http: { status: 502, body: '<html>', isAfter: true } },
  { http: { status: 429, headers: { 'retry-after': '0' }, body: '{}' } },
];

async function open(random: () => number = () => 0): Promise<Site> {
  const emulator = await startRunwareEmulator({ sessionMs: random() < 0.25 ? 50 : 120_000 });
  const site: Site = {
    options: {
      ...{ webSocketUrl: emulator.url, httpUrl: emulator.httpUrl, allowPrivateAddresses: true },
      transport: random() < 0.75 ? 'websocket' : 'http',
      // Milliseconds, where the real ones are of seconds.
      ...{ firstPollMs: 20, longestPollMs: 80, answerMs: lateMs, requestMs: lateMs, connectMs: 15_000 },
      ...{ handshakeMs: 5_000, silenceMs: 20_000 },
    },
    get paid() {
      return emulator.table.paidPictures - emulator.table.failedPictures;
    },
    faults: faultsOf(emulator),
    onRequest: () => {},
    storm(draw) {
      emulator.script = (message) => {
        site.onRequest();
        const fault = draw() < 0.25 ? pick(draw, storms) : {};
        // A question that is turned away as a task would be is not a message of the protocol.
        const { refuse: _, ...others } = fault;
        return isTask(message) ? { workMs: draw() * 150, ...fault } : others;
      };
    },
    calm() {
      emulator.script = () => {
        site.onRequest();
        return undefined;
      };
    },
    drawRequest: (draw) => options({ delivery: pick(draw, ['async', 'sync']) }),
    restart: (downMs) => emulator.restart({ downMs }),
    close: () => emulator.close(),
  };
  return site;
}

export const runware: Provider = {
  name: 'runware',
  plugin: 'runware',
  model: 'runware-sdxl',
  secrets: { RUNWARE_API_KEY: runwareKey },
  open,
};
