import { setTimeout as pause } from 'node:timers/promises';
import type { ImageResult } from '@easel/core';
import { EaselError, type ImageRequest } from '@easel/plugin-sdk';
import { isPictureOf } from '@easel/plugin-sdk/emulator';
import type { CallReport } from './call-stubbornly.js';
import type { Site } from './site.js';
import type { World } from './world.js';

/** Calls that one caller makes, one after the other. */
const callsInTurn = 3;

/** Milliseconds after which nothing comes any more of a process that was killed. */
const quietMs = 500;

/** Times that a call which is known by its id is sent again when the plugin's process has been killed. */
const mostTries = 5;

type Outcome = ImageResult | EaselError;
const isCrash = (outcome: Outcome) => 'code' in outcome && outcome.code === 'ERR_PLUGIN_CRASHED';

type Asked = ImageRequest & { readonly n: number };

/** What a call got. What was paid for it can be told only when all is quiet. */
interface Called {
  readonly request: Asked;
  readonly outcome: Outcome;
  /** Whether the plugin's process ended meanwhile. */
  readonly hasCrashed: boolean;
}

/** Calls once, or again under the same id where that finds what has begun. */
async function callOnce(world: World, { isKnownById = false }: Site, request: Asked): Promise<Called> {
  const ask = async (): Promise<Outcome> =>
    await world.ask(request).catch((error: unknown) => {
      if (EaselError.isInstance(error)) return error;
      throw error;
    });
  let outcome = await ask();
  const hasCrashed = isCrash(outcome);
  for (let tries = 1; isKnownById && isCrash(outcome) && tries < mostTries; tries++) outcome = await ask();
  return { request, outcome, hasCrashed };
}

/** A caller that makes several calls, another one after each that is lost or answered. */
export async function callInTurn(world: World, site: Site, request: Asked): Promise<Called[]> {
  const calls: Called[] = [];
  for (let turn = 1; turn <= callsInTurn; turn++)
    calls.push(await callOnce(world, site, { ...request, prompt: `${request.prompt}, turn ${turn}` }));
  return calls;
}

/**
 * Compares what calls got with what was paid, at a provider that cannot be asked what became of a request. No
 * picture may be paid twice by a call, and one that is paid and does not come must have been told: with words
 * that it may have been paid.
 */
export async function compareCalls(site: Site, calls: readonly Called[]): Promise<CallReport[]> {
  // What a killed process had sent is read late on a machine that has much else to do.
  for (let paid = -1; paid !== site.paid; await pause(quietMs)) paid = site.paid;
  return await Promise.all(calls.map((call) => compare(site, call)));
}

async function compare(
  { account }: Site,
  { request: { n, prompt }, outcome, hasCrashed }: Called,
): Promise<CallReport> {
  const { paid, struck } = account?.(prompt) ?? { paid: 0, struck: 0 };
  const images = 'images' in outcome ? outcome.images : [];
  const violations: string[] = [];
  for (const { bytes } of images)
    if (!(await isPictureOf(bytes, prompt))) violations.push(`"${prompt}" got the picture of another prompt`);
  if (paid > n) violations.push(`"${prompt}": ${n} pictures were asked for, and ${paid} were paid`);
  const lost = paid - images.length;
  const told = 'code' in outcome ? outcome.message : outcome.warnings.map(({ message }) => message).join(' ');
  if (!hasCrashed && lost !== struck)
    violations.push(
      `"${prompt}": ${lost} paid pictures did not come, and ${struck} were out of reach (${told})`,
    );
  if (lost > 0 && !told.includes('may have been paid'))
    violations.push(`"${prompt}": ${lost} paid pictures did not come, and its caller was not told (${told})`);
  return { asked: n, got: images.length, lost, violations };
}
