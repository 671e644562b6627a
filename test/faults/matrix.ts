import type { ImageResult } from '@easel/core';
import { EaselError } from '@easel/plugin-sdk';
import { isPictureOf } from '@easel/plugin-sdk/emulator';
import { type Fault, lateMs, type Provider, type Site } from './site.js';
import { openWorld, type World } from './world.js';

/** What came of one fault. */
export interface Row {
  readonly fault: string;
  /** What the call got. */
  readonly call: string;
  /** What the same call got when it was sent again. Absent: there was no need to. */
  readonly again?: string;
  /** Pictures that were paid in all. */
  readonly paid: number;
  /** Those of them that nobody got. */
  readonly lost: number;
}

export interface Matrix {
  readonly rows: readonly Row[];
  /** What must not be, a sentence each. */
  readonly violations: readonly string[];
}

interface Answer {
  readonly said: string;
  readonly pictures: number;
  readonly hasFailed: boolean;
}

/**
 * Has each fault of a provider happen on its own. A call that fails is sent again once, when nothing goes
 * wrong any more.
 */
export async function runMatrix(provider: Provider): Promise<Matrix> {
  const site = await provider.open();
  const worlds = {
    patient: await openWorld(provider, site, site.options),
    late: await openWorld(provider, site, { ...site.options, requestMs: lateMs }),
  };
  try {
    const rows: Row[] = [];
    const violations: string[] = [];
    for (const fault of site.faults) {
      const { row, problems } = await runFault(fault, site, worlds[fault.isLate ? 'late' : 'patient']);
      rows.push(row);
      violations.push(...problems.map((problem) => `${provider.name}, ${fault.name}: ${problem}`));
    }
    return { rows, violations };
  } finally {
    await worlds.patient.close();
    await worlds.late.close();
    await site.close();
  }
}

async function runFault(fault: Fault, site: Site, world: World): Promise<{ row: Row; problems: string[] }> {
  const before = site.paid;
  const wanted = fault.request?.n ?? 1;
  site.calm();
  fault.strike({ kill: () => void world.kill() });
  const request = { width: 256, height: 256, ...fault.request, prompt: `a cat, and ${fault.name}` };
  const call = await answerOf(world, request);
  const paidByCall = site.paid - before;
  site.calm();
  const again = call.hasFailed ? await answerOf(world, request) : undefined;
  const paid = site.paid - before;
  const lost = paid - call.pictures - (again?.pictures ?? 0);
  const mayRepeat = fault.mayLose === true && site.mayWaste !== undefined;
  const problems = [
    ...(fault.name === 'nothing' && call.hasFailed
      ? [`nothing goes wrong, and the call gets ${call.said}`]
      : []),
    ...(paidByCall > wanted && !mayRepeat ? [`one call of ${wanted} pictures paid ${paidByCall}`] : []),
    ...(lost > 0 && !fault.mayLose ? [`${lost} paid pictures reached nobody`] : []),
    ...(lost < 0 ? [`${-lost} pictures more than were paid`] : []),
  ];
  return {
    row: { fault: fault.name, call: call.said, ...(again ? { again: again.said } : {}), paid, lost },
    problems,
  };
}

async function answerOf(world: World, request: Parameters<World['ask']>[0]): Promise<Answer> {
  try {
    const result = await world.ask(request);
    for (const { bytes } of result.images)
      if (!(await isPictureOf(bytes, request.prompt))) throw new Error('it is the picture of another prompt');
    return { said: sayResult(result, request.n ?? 1), pictures: result.images.length, hasFailed: false };
  } catch (error) {
    if (!EaselError.isInstance(error)) throw error;
    return { said: sayError(error), pictures: 0, hasFailed: true };
  }
}

function sayResult({ images, warnings, provenance }: ImageResult, wanted: number): string {
  const all = wanted === 1 ? 'the picture' : `the ${wanted} pictures`;
  const got =
    images.length === wanted ? all : `${images.length} of ${wanted} pictures, with ${codeIn(warnings)}`;
  const { length: attempts } = provenance.attempts;
  return attempts === 1 ? got : `${got}, at attempt ${attempts}`;
}

const codeIn = (warnings: ImageResult['warnings']): string =>
  /ERR_\w+/.exec(warnings.map(({ message }) => message).join(' '))?.[0].replace(/.*/, '`$&`') ?? 'no reason';

const sayError = ({ code, message }: EaselError): string =>
  `\`${code}\`${/may have been (taken and )?paid/.test(message) ? ', may have been paid' : ''}`;
