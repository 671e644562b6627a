import type { ImageRequest } from '@easel/plugin-sdk';
import type { EmulatedServer, Fault as HttpFault, Script, SeenRequest } from '@easel/plugin-sdk/emulator';
import { type Account, type Fault, lateAnswer, type Provider, patientMs, pick, type Site } from './site.js';

/** What a request asks for. */
interface Asked {
  readonly prompt: unknown;
  readonly count: number;
}

/** A provider that answers a request with its images, and cannot be asked about it afterwards. */
export interface PostProvider<Server extends EmulatedServer> extends Omit<Provider, 'open'> {
  start(): Promise<Server>;
  /** Of the plugin, so that it finds the emulator. */
  optionsOf(emulator: Server): Site['options'];
  paidOf(emulator: Server): number;
  /** What the request is for. Undefined: it makes no image. */
  read(request: SeenRequest): Promise<Asked | undefined> | Asked | undefined;
  /** Answers in place of an image. */
  readonly refusals: readonly (readonly [name: string, fault: HttpFault])[];
  readonly limited: HttpFault;
  readonly overloaded: HttpFault;
  /** What every call of the matrix asks for besides its prompt. Absent: nothing. */
  readonly request?: Partial<ImageRequest>;
  drawRequest(draw: () => number): Partial<ImageRequest>;
  readonly isSeedless?: boolean;
  /** Whether nobody pays for an image, so that one which got lost is made again. Absent: it is paid once. */
  readonly isFree?: boolean;
}

export const html = { status: 502, body: '<html>Bad gateway' };

const ofRequest: readonly (readonly [string, HttpFault, isLost?: true])[] = [
  ['nothing', {}],
  ['the connection breaks off before the request is read', { breakOff: 'before' }],
  ['the connection breaks off when the image is made', { breakOff: 'after' }, true],
  ['the answer is cut in the middle', { cutAtByte: 100 }, true],
  ['a proxy answers 502 when the image is made', { answerAfter: html }, true],
  ['the answer takes longer than `requestMs`', lateAnswer, true],
  ['the answer trickles', { trickle: { bytes: 2_000, everyMs: 1 } }],
  ['the answer is HTML', { answer: { status: 200, body: '<html>' } }],
];

type End = 'unpaid' | 'struck' | 'delivered';
type Storm = readonly (readonly [HttpFault, End])[];

/** Images of a call, at most: what the end of a process may cost where nobody pays. */
const mostImages = 3;

/** What goes wrong with questions, at random. */
const ofQuestion: readonly HttpFault[] = [
  { breakOff: 'before' },
  { cutAtByte: 20 },
  { answer: html },
  { delayMs: 100 },
];

export const postProvider = <Server extends EmulatedServer>(provider: PostProvider<Server>): Provider => ({
  ...provider,
  open: () => open(provider),
});

async function open<Server extends EmulatedServer>(provider: PostProvider<Server>): Promise<Site> {
  const { limited, overloaded, isFree = false, isSeedless = false } = provider;
  /** What goes wrong at random, and whether the image is made and out of reach then. */
  const storms: Storm = [
    [{ breakOff: 'before' }, 'unpaid'],
    [{ breakOff: 'after' }, 'struck'],
    [{ cutAtByte: 100 }, 'struck'],
    [{ answerAfter: html }, 'struck'],
    [limited, 'unpaid'],
    [overloaded, 'unpaid'],
    [{ delayMs: 150 }, 'delivered'],
    [{ trickle: { bytes: 2_000, everyMs: 1 } }, 'delivered'],
  ];
  /** Those of them after which nobody can doubt whether the image was made. */
  const mildStorms = storms.filter(([fault, end]) => end !== 'struck' && fault.breakOff === undefined);
  const emulator = await provider.start();
  const ends = new Map<SeenRequest, Asked & { end: End }>();
  const count = (prompt?: string) => {
    const counts: Record<End, number> = { unpaid: 0, struck: 0, delivered: 0 };
    for (const asked of ends.values())
      if (prompt === undefined || asked.prompt === prompt) counts[asked.end] += asked.count;
    return counts;
  };
  const storm =
    (draw: () => number, faults: Storm): Script =>
    async (request) => {
      site.onRequest();
      const isStruck = draw() < 0.3;
      const asked = await provider.read(request);
      if (!asked) return isStruck ? pick(draw, ofQuestion) : undefined;
      const [fault, end] = isStruck
        ? pick(draw, faults)
        : ([{ delayMs: draw() * 300 }, 'delivered'] as const);
      ends.set(request, { ...asked, end });
      return fault;
    };
  const site: Site = {
    options: { ...provider.optionsOf(emulator), requestMs: patientMs },
    get paid() {
      return provider.paidOf(emulator);
    },
    faults: faultsOf(provider, emulator),
    onRequest: () => {},
    storm(draw) {
      emulator.script = storm(draw, storms);
    },
    mildStorm(draw) {
      emulator.script = storm(draw, isFree ? storms : mildStorms);
    },
    calm() {
      emulator.script = async (request) => {
        site.onRequest();
        const asked = await provider.read(request);
        if (asked) ends.set(request, { ...asked, end: 'delivered' });
        return undefined;
      };
    },
    isSeedless,
    ...(isFree
      ? { isKnownById: true, mayWaste: (ended: number) => count().struck + ended * mostImages }
      : {
          isLostWithProcess: true,
          account(prompt: string): Account {
            const { struck, delivered } = count(prompt);
            return { paid: struck + delivered, struck };
          },
        }),
    drawRequest: (draw) => provider.drawRequest(draw),
    restart(downMs) {
      for (const request of emulator.unanswered) {
        const asked = ends.get(request);
        if (asked?.end === 'delivered') asked.end = 'struck';
      }
      return emulator.restart(downMs);
    },
    close: () => emulator.close(),
  };
  return site;
}

function faultsOf<Server extends EmulatedServer>(
  { read, refusals, request }: PostProvider<Server>,
  emulator: Server,
): Fault[] {
  const atFirst = (fault: HttpFault, act = () => {}) => {
    let isOver = false;
    emulator.script = async (seen) => {
      if (isOver || !(await read(seen))) return undefined;
      isOver = true;
      act();
      return fault;
    };
  };
  const rows: readonly (readonly [string, HttpFault, isLost?: true])[] = [...ofRequest, ...refusals];
  const faults: Fault[] = [
    ...rows.map(([name, fault, isLost = false]) => ({
      name,
      mayLose: isLost,
      isLate: fault === lateAnswer,
      strike: () => atFirst(fault),
    })),
    {
      name: '`kill -9` before the request is read',
      strike: ({ kill }) => atFirst({ breakOff: 'before' }, kill),
    },
    { name: '`kill -9` while the image is made', mayLose: true, strike: ({ kill }) => atFirst({}, kill) },
  ];
  return faults.map((fault) => (request ? { ...fault, request } : fault));
}
