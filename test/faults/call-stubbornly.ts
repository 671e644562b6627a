import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { EaselError, type ImageRequest } from '@easel/plugin-sdk';
import { isPictureOf } from '@easel/plugin-sdk/emulator';
import type { World } from './world.js';

/** What a caller has to say in the end. */
export interface CallReport {
  readonly asked: number;
  readonly got: number;
  /** Paid pictures that did not reach the caller, who was told. */
  readonly lost: number;
  readonly violations: readonly string[];
}

const mostTries = 15;

/**
 * A caller of a provider that finds the pictures of lost calls again: sends the same call until it is
 * answered. Where there are fewer pictures than were asked for, each that is missing is asked for with its
 * own seed, so that one that was paid is found, and one that was not is made.
 */
export async function callStubbornly(
  world: World,
  request: ImageRequest & { readonly n: number },
): Promise<CallReport> {
  const { n, seed = 0, prompt } = request;
  const of = (missing: number) => (request.seed === undefined ? {} : { seed: missing });
  const missing = new Set(Array.from({ length: n }, (_, index) => seed + index));
  const violations: string[] = [];
  const got = new Set<string>();
  let last = '';
  for (let tries = 0; missing.size > 0 && tries < mostTries; tries++) {
    try {
      const [first = seed] = missing;
      const { images } = await world.ask(missing.size === n ? request : { ...request, ...of(first), n: 1 });
      for (const { bytes, seed: told } of images) {
        // Where a model has no seeds, any of those that are missing.
        const made = told ?? [...missing][0];
        const hash = createHash('sha256').update(bytes).digest('hex');
        if (got.has(hash)) violations.push(`"${prompt}": the same picture came twice`);
        got.add(hash);
        if (made === undefined || !missing.delete(made))
          violations.push(`"${prompt}": seed ${made} came twice or unasked`);
        if (!(await isPictureOf(bytes, prompt)))
          violations.push(`"${prompt}" got the picture of another prompt`);
      }
    } catch (error) {
      last = String(error);
      if (!EaselError.isInstance(error)) throw error;
      await pause(50);
    }
  }
  if (missing.size > 0) violations.push(`"${prompt}": ${missing.size} of ${n} pictures never came: ${last}`);
  return { asked: n, got: n - missing.size, lost: 0, violations };
}
