import { createHash } from 'node:crypto';
import { EaselError, type GenerationRequest } from '@easel/plugin-sdk';
import type { Runner } from '../runner/runner.js';

/** A call that was under way when its plugin crashed. */
export interface Suspect {
  readonly request: GenerationRequest;
  /** Who asked. Absent: one of those who do not say. */
  readonly caller: string | undefined;
}

/** Crashes after which the same request, or whatever a caller asks for, is refused. */
const requestLimit = 2;
const callerLimit = 3;
/** Milliseconds for which a crash is held against those whose calls were under way. */
const heldMs = 10 * 60_000;

interface Entry {
  /** Crashes; one with several calls under way counts for each of them in part. */
  readonly crashes: number;
  readonly until: number;
}

/**
 * Holds a plugin's crashes against the requests, and the callers, that they followed, so that nobody takes a
 * plugin away from others.
 */
export class Blame {
  readonly #plugin: string;
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();
  /** Calls, by the run that works on them. */
  readonly #underWay = new WeakMap<Runner, Set<Suspect>>();

  /** @param now milliseconds on a clock that never goes back */
  constructor(plugin: string, now: () => number) {
    this.#plugin = plugin;
    this.#now = now;
  }

  /**
   * Keeps a call in mind until it has ended, and longer where its run ends with it. Resolves or rejects as
   * the call does.
   */
  async noting<T>(runner: Runner, suspect: Suspect, work: Promise<T>): Promise<T> {
    const suspects = this.#underWay.get(runner) ?? new Set();
    this.#underWay.set(runner, suspects.add(suspect));
    try {
      const made = await work;
      // What has gone well is not what its plugin crashes by.
      if (this.#entries.size > 0) this.#entries.delete(requestKey(suspect));
      return made;
    } finally {
      if (!runner.isEnding) suspects.delete(suspect);
    }
  }

  /**
   * Notes the crash of a run; answers whom it may be the doing of, by caller, or by request where callers do
   * not say who they are.
   */
  record(runner: Runner): string[] {
    const suspects = [...(this.#underWay.get(runner) ?? [])];
    for (const suspect of suspects)
      for (const key of keysOf(suspect)) {
        const crashes = (this.#entryOf(key)?.crashes ?? 0) + 1 / suspects.length;
        this.#entries.set(key, { crashes, until: this.#now() + heldMs });
      }
    return suspects.map((suspect) => keysOf(suspect).at(-1) as string);
  }

  /** Forgets all crashes. */
  forget(): void {
    this.#entries.clear();
  }

  /** Throws ERR_REQUEST_INVALID for a request, or a caller, after too many crashes. */
  assertBlameless(suspect: Suspect): void {
    if (this.#entries.size === 0) return;
    const [request, caller] = keysOf(suspect);
    const refuse = (key: string | undefined, limit: number, who: string, hint: string) => {
      const entry = key === undefined ? undefined : this.#entryOf(key);
      // Thirds add up to a little less than one.
      if (!entry || entry.crashes < limit - 1e-9) return;
      const minutes = Math.ceil((entry.until - this.#now()) / 60_000);
      const message = `The plugin "${this.#plugin}" has crashed ${limit} times over ${who}; it is refused for another ${minutes} minutes.`;
      throw new EaselError({ code: 'ERR_REQUEST_INVALID', plugin: this.#plugin, message, hint });
    };
    refuse(request, requestLimit, 'this request', 'Ask for something else or less, or use another model.');
    refuse(caller, callerLimit, 'requests of this caller', 'Find out which of your requests it crashes by.');
  }

  #entryOf(key: string): Entry | undefined {
    for (const [known, { until }] of this.#entries) if (until <= this.#now()) this.#entries.delete(known);
    return this.#entries.get(key);
  }
}

/** Of the request, and of the caller where it is known. */
const keysOf = (suspect: Suspect): string[] => [
  requestKey(suspect),
  ...(suspect.caller === undefined ? [] : [`caller ${suspect.caller}`]),
];

/** Of all that is asked for but the seed, which is another one each time where none is given. */
function requestKey({ request }: Suspect): string {
  const { requestId: _, seed: __, isSeedDrawn: ___, inputImages, mask, control = [], ...others } = request;
  const images = [...inputImages, ...(mask ? [mask] : [])].map(({ bytes }) => sha256(bytes));
  const followed = control.map(({ image, ...settings }) => [settings, sha256(image.bytes)]);
  return `request ${sha256(JSON.stringify([others, images, mask !== undefined, followed]))}`;
}

const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');
