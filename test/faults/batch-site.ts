import type { Fault as HttpFault, Script } from '@easel/plugin-sdk/emulator';
import { type Fault, patientMs, pick, type Site, type Stage } from './site.js';

export type Kind = readonly [method: string, path: RegExp];

/** The requests that a batch is made of. */
export interface BatchKinds {
  readonly upload: Kind;
  readonly creation: Kind;
  readonly look: Kind;
  readonly results: Kind;
}

/** An emulator of a provider that makes batches. */
export interface BatchEmulator<Course> {
  readonly url: string;
  readonly paid: number;
  readonly batches: { readonly size: number };
  script: Script | undefined;
  course: (index: number) => Course;
  restart(downMs?: number): Promise<void>;
  close(): Promise<void>;
}

/** What a provider says when it has no time. */
export interface Sayings {
  readonly unavailable: HttpFault['answer'];
  readonly limited: HttpFault['answer'];
  /** Of a proxy, or a server, that has handed the request on. */
  readonly badGateway: HttpFault['answer'];
}

/** What happens to the first request of a kind, to the first batch, and to the process. */
export interface BatchFaults<Course> {
  readonly ofRequest: readonly (readonly [string, Kind, HttpFault])[];
  readonly ofBatch: readonly (readonly [string, Course, mayLose?: true])[];
  readonly kinds: BatchKinds;
}

const seed = 7;
const batch = { n: 3, seed };

/** Has a fault happen to the request of a kind that is the so many'th. */
export function atFirst(
  emulator: { script: Script | undefined },
  [method, path]: Kind,
  fault: HttpFault,
  act = () => {},
  number = 1,
): void {
  let seen = 0;
  emulator.script = (request) => {
    if (request.method !== method || !path.test(request.path) || ++seen !== number) return undefined;
    act();
    return fault;
  };
}

export function batchFaults<Course>(
  emulator: BatchEmulator<Course>,
  { ofRequest, ofBatch, kinds }: BatchFaults<Course>,
  calmCourse: Course,
): Fault[] {
  const killed = (name: string, kind: Kind, fault: HttpFault): Fault => ({
    name: `\`kill -9\` ${name}`,
    request: batch,
    strike: ({ kill }: Stage) => atFirst(emulator, kind, fault, kill),
  });
  const [before, after] = [{ breakOff: 'before' }, { breakOff: 'after' }] as const;
  return [
    ...ofRequest.map(([name, kind, fault]) => ({
      name,
      request: { seed },
      strike: () => atFirst(emulator, kind, fault),
    })),
    ...ofBatch.map(([name, course, mayLose = false]) => ({
      ...{ name, request: batch, mayLose },
      strike() {
        const first = emulator.batches.size;
        emulator.course = (index) => (index === first ? course : calmCourse);
      },
    })),
    killed('before the upload is taken', kinds.upload, before),
    killed('when the upload is taken', kinds.upload, after),
    killed('before the batch is taken', kinds.creation, before),
    killed('when the batch is taken', kinds.creation, after),
    killed('when the batch is looked at', kinds.look, before),
    killed('before the output file is read', kinds.results, before),
  ];
}

/** What goes wrong at random. Nothing of it keeps a picture from being made in the end. */
const stormsOf = ({ unavailable, limited, badGateway }: Sayings): readonly HttpFault[] => [
  ...[unavailable, limited].flatMap((answer) => (answer ? [{ answer }] : [])),
  { breakOff: 'before' },
  { breakOff: 'after' },
  ...(badGateway ? [{ answerAfter: badGateway }] : []),
  { cutAtByte: 200 },
  { delayMs: 60 },
  { trickle: { bytes: 300, everyMs: 1 } },
];

/**
 * A provider on this machine whose pictures are made in batches, in a storm of all that can go wrong on the
 * way.
 */
export function batchSite<Course>(
  emulator: BatchEmulator<Course>,
  {
    options,
    faults,
    sayings,
    drawCourse,
    calmCourse,
    drawRequest = () => ({}),
    isSeedless = false,
  }: Pick<Site, 'options' | 'faults' | 'isSeedless'> &
    Partial<Pick<Site, 'drawRequest'>> & {
      readonly sayings: Sayings;
      readonly drawCourse: (random: () => number) => Course;
      readonly calmCourse: Course;
    },
): Site {
  const storms = stormsOf(sayings);
  const site: Site = {
    // Milliseconds, where the real ones are of seconds.
    options: {
      ...{ gatherMs: 60, firstPollMs: 10, longestPollMs: 60, settleMs: 500, requestMs: patientMs },
      ...options,
    },
    get paid() {
      return emulator.paid;
    },
    faults,
    onRequest: () => {},
    storm(draw) {
      emulator.course = () => drawCourse(draw);
      emulator.script = () => {
        site.onRequest();
        return draw() < 0.3 ? pick(draw, storms) : undefined;
      };
    },
    calm() {
      emulator.course = () => calmCourse;
      emulator.script = () => {
        site.onRequest();
        return undefined;
      };
    },
    drawRequest,
    isSeedless,
    restart: (downMs) => emulator.restart(downMs),
    close: () => emulator.close(),
  };
  return site;
}
