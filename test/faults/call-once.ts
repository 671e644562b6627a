import { setTimeout as pause } from 'node:timers/promises';
import type { ImageResult } from '@easel/core';
import { EaselError, type ImageRequest } from '@easel/plugin-sdk';
import { isPictureOf } from '@easel/plugin-sdk/emulator';
import type { CallReport } from './call-stubbornly.js';
import type { Site } from './site.js';
import type { World } from './world.js';

/** Calls that one caller makes, one after the other. */
const callsInTurn = 3;

/** Longest that the emulator works on a request whose caller is gone. */
const workMs = 500;

/** Times that a call which is known by its id is sent again when the plugin's process has been killed. */
const mostTries = 5;

type Outcome = ImageResult | EaselError;
const isCrash = (outcome: Outcome) => 'code' in outcome && outcome.code === 'ERR_PLUGIN_CRASHED';

/**
 * A caller of a provider that cannot be asked what became of a request: calls once, or again under the same
 * id where that finds what has begun. No picture may be paid twice by that call, and one that is paid and
 * does not come must have been told: with words that it may have been paid.
 */
async function callOnce(
  world: World,
  { account, isKnownById = false }: Site,
  request: ImageRequest & { readonly n: number },
): Promise<CallReport> {
  const { n, prompt } = request;
  const ask = async (): Promise<Outcome> =>
    await world.ask(request).catch((error: unknown) => {
      if (EaselError.isInstance(error)) return error;
      throw error;
    });
  let outcome = await ask();
  const hasCrashed = isCrash(outcome);
  for (let tries = 1; isKnownById && isCrash(outcome) && tries < mostTries; tries++) outcome = await ask();
  await pause(workMs);
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

/** A caller that makes several calls, another one after each that is lost or answered. */
export async function callInTurn(
  world: World,
  site: Site,
  request: ImageRequest & { readonly n: number },
): Promise<CallReport> {
  const reports: CallReport[] = [];
  for (let turn = 1; turn <= callsInTurn; turn++)
    reports.push(await callOnce(world, site, { ...request, prompt: `${request.prompt}, turn ${turn}` }));
  const sum = (of: 'asked' | 'got' | 'lost') => reports.reduce((all, report) => all + report[of], 0);
  const violations = reports.flatMap((report) => report.violations);
  return { asked: sum('asked'), got: sum('got'), lost: sum('lost'), violations };
}
