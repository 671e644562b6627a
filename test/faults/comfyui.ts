import type { Fault as HttpFault, SeenRequest } from '@easel/plugin-sdk/emulator';
import { ComfyEmulator } from '../../plugins/comfyui/src/emulator/index.js';
import { html } from './posts.js';
import { type Fault, lateAnswer, type Provider, patientMs, pick, type Site } from './site.js';

type IsMeant = (request: SeenRequest) => boolean;
const isSubmission: IsMeant = ({ method, path }) => method === 'POST' && path === '/prompt';
const isHistory: IsMeant = ({ path }) => path.startsWith('/history/');
const isQueue: IsMeant = ({ method, path }) => method === 'GET' && path === '/queue';
const isImage: IsMeant = ({ path }) => path === '/view';

const overloaded = { answer: { status: 503, body: 'busy' } };

const ofRequest: readonly (readonly [string, IsMeant, HttpFault])[] = [
  ['nothing', isSubmission, {}],
  ['the connection breaks off before the prompt is read', isSubmission, { breakOff: 'before' }],
  ['the connection breaks off when the prompt is taken', isSubmission, { breakOff: 'after' }],
  ['the answer is cut in the middle', isSubmission, { cutAtByte: 20 }],
  ['a proxy answers 502 when the prompt is taken', isSubmission, { answerAfter: html }],
  ['the answer comes later than `requestMs`', isSubmission, lateAnswer],
  ['the answer is HTML', isSubmission, { answer: { status: 200, body: '<html>' } }],
  ['503 to the prompt', isSubmission, overloaded],
  ['the history breaks off', isHistory, { breakOff: 'before' }],
  ['the history is cut', isHistory, { cutAtByte: 1 }],
  ['a proxy answers the history', isHistory, { answer: html }],
  ['the queue is HTML', isQueue, { answer: { status: 200, body: '<html>' } }],
  ['the image breaks off', isImage, { cutAtByte: 100 }],
  ['503 to the image', isImage, overloaded],
];

function faultsOf(emulator: ComfyEmulator): Fault[] {
  const atFirst = (isMeant: IsMeant, fault: HttpFault, act = () => {}) => {
    let isOver = false;
    emulator.script = (request) => {
      if (isOver || !isMeant(request)) return undefined;
      isOver = true;
      act();
      return fault;
    };
  };
  return [
    ...ofRequest.map(([name, isMeant, fault]) => ({
      name,
      isLate: fault === lateAnswer,
      strike: () => atFirst(isMeant, fault),
    })),
    {
      name: 'the WebSocket says nothing',
      strike() {
        emulator.script = undefined;
        emulator.isSilent = true;
      },
    },
    {
      name: 'ComfyUI restarts, and has forgotten the prompt',
      mayLose: true,
      strike: () => atFirst(isHistory, {}, () => void restart(emulator, 50)),
    },
    {
      name: '`kill -9` before the prompt is read',
      strike: ({ kill }) => atFirst(isSubmission, { breakOff: 'before' }, kill),
    },
    {
      name: '`kill -9` when the prompt is taken',
      request: { seed: 7 },
      strike: ({ kill }) => atFirst(isSubmission, {}, kill),
    },
    {
      name: '`kill -9` when the image is fetched',
      request: { seed: 8 },
      strike: ({ kill }) => atFirst(isImage, {}, kill),
    },
  ];
}

function restart(emulator: ComfyEmulator, downMs: number): Promise<void> {
  emulator.forget();
  return emulator.restart(downMs);
}

/** What goes wrong at random with any request. None of it keeps a prompt from being run once. */
const storms: readonly HttpFault[] = [
  { breakOff: 'before' },
  { breakOff: 'after' },
  { cutAtByte: 1 },
  { answerAfter: html },
  overloaded,
  { delayMs: 150 },
  { trickle: { bytes: 200, everyMs: 1 } },
];
/** Images of all calls of a run, at most: what a server may have to make again that has forgotten them. */
const mostImages = 12;

async function open(): Promise<Site> {
  const emulator = await ComfyEmulator.start();
  let restarts = 0;
  const site: Site = {
    options: { baseUrl: emulator.url, pollMs: 20, requestMs: patientMs, silenceMs: 20_000 },
    get paid() {
      return emulator.made;
    },
    faults: faultsOf(emulator),
    onRequest: () => {},
    storm(draw) {
      emulator.isSilent = draw() < 0.3;
      emulator.script = () => {
        site.onRequest();
        return draw() < 0.2 ? pick(draw, storms) : undefined;
      };
    },
    calm() {
      emulator.isSilent = false;
      emulator.script = () => {
        site.onRequest();
        return undefined;
      };
    },
    isKnownById: true,
    mayWaste: () => restarts * mostImages,
    drawRequest: () => ({}),
    restart(downMs) {
      restarts += 1;
      return restart(emulator, downMs);
    },
    close: () => emulator.close(),
  };
  return site;
}

/** Nobody pays a server of one's own; yet a prompt is to be run once. */
export const comfyui: Provider = {
  name: 'comfyui',
  plugin: 'comfyui',
  model: 'comfyui-text',
  secrets: {},
  open,
};
