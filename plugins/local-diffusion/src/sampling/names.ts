import { EaselError, normaliseSamplerName, type SamplerLabel, splitSamplerName } from '@easel/plugin-sdk';
import { distance } from 'fastest-levenshtein';
import { samplers } from './samplers/index.js';
import type { SamplerRow } from './samplers/sampler-row.js';
import type { SchedulerConfig } from './scheduler-config/scheduler-config.js';
import { type SigmaSchedule, sigmaSchedules } from './schedules/sigma-schedules.js';

/** A sampler that somebody asked for, and what the name says beyond it. */
export interface ResolvedSampler {
  readonly row: SamplerRow;
  /** Whether the name is that of a class for models that were trained as flows. */
  readonly isFlow: boolean;
  readonly overrides: Partial<SchedulerConfig>;
  /** Absent: the name tells none. */
  readonly sigmaSchedule?: SigmaSchedule | undefined;
  /** A schedule in the name that the sampler cannot have, and that is left out. Absent: there is none. */
  readonly droppedSchedule?: string;
}

/**
 * Whether the steps of a sampler can be spaced by any schedule in sigma; the others have timesteps of their
 * own.
 */
const takesSigmaSchedules = ({ scheduler }: SamplerRow) =>
  'use_karras_sigmas' in scheduler.defaults || scheduler.takesNamedSchedules === true;

/** The schedules that a name can end in. */
const namedSchedules = sigmaSchedules.filter(({ label }) => label !== undefined);

/** Every name that people can choose, without the diffusers classes and the other spellings. */
export function samplerNames(rows: readonly SamplerRow[] = samplers): string[] {
  return rows.flatMap((row) => [
    row.name,
    ...(takesSigmaSchedules(row) ? namedSchedules.map((schedule) => `${row.name}_${schedule.name}`) : []),
  ]);
}

/** The first sampler of a diffusers scheduler class, and whether the class is for flows. */
export function samplerOfClass(
  className: string,
  rows: readonly SamplerRow[],
): Pick<ResolvedSampler, 'row' | 'isFlow'> | undefined {
  const row = rows.find(({ scheduler }) => scheduler.className === className);
  if (row) return { row, isFlow: false };
  const edmRow = rows.find(({ edmScheduler }) => edmScheduler?.className === className);
  if (edmRow) return { row: edmRow, isFlow: false };
  const flowRow = rows.find(({ flowScheduler }) => flowScheduler?.className === className);
  return flowRow && { row: flowRow, isFlow: true };
}

/** The row and the schedule that a usual name consists of. */
function findSampler(
  name: string,
  rows: readonly SamplerRow[],
): Pick<ResolvedSampler, 'row' | 'sigmaSchedule' | 'droppedSchedule'> | undefined {
  const rowOf = (stem: string) => rows.find((each) => each.name === stem || each.aliases?.includes(stem));
  const whole = rowOf(normaliseSamplerName(name));
  if (whole) return { row: whole };
  const { sampler, schedule } = splitSamplerName(name);
  const row = rowOf(sampler);
  if (!row || schedule === undefined) return row && { row };
  const sigmaSchedule = namedSchedules.find((each) => each.name === schedule);
  return sigmaSchedule && takesSigmaSchedules(row)
    ? { row, sigmaSchedule }
    : { row, droppedSchedule: schedule };
}

/**
 * Finds the sampler that is meant by a diffusers class name or one of the usual names (`dpmpp_2m_karras`,
 * "Euler a", "PLMS"). A name without a schedule leaves the model's own schedule as it is, and so does a
 * schedule that the sampler cannot have.
 * @throws EaselError ERR_REQUEST_INVALID for an unknown name; the message has the three that are nearest.
 */
export function resolveSampler(name: string, rows: readonly SamplerRow[] = samplers): ResolvedSampler {
  const ofClass = samplerOfClass(name, rows);
  if (ofClass) return { ...ofClass, overrides: {} };
  const found = findSampler(name, rows);
  if (found) return { ...found, overrides: found.row.sets ?? {}, isFlow: false };
  const normal = normaliseSamplerName(name);
  if (/^dpm_(fast|adaptive)/.test(normal)) {
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      message: `the sampler "${name}" is not built: DPM fast and DPM adaptive choose their own steps, whatever is asked for`,
      hint: 'DPM++ 2M Karras (dpmpp_2m_karras) reaches the same image in as many network calls or fewer.',
    });
  }
  const known = samplerNames(rows).sort((a, b) => distance(normal, a) - distance(normal, b));
  throw new EaselError({
    code: 'ERR_REQUEST_INVALID',
    message: `the sampler "${name}" is not known; the closest are ${known.slice(0, 3).join(', ')}`,
    hint: 'docs/local-engine.md shows all; the class names of diffusers are known too.',
  });
}

/** A usual name as AUTOMATIC1111 has it; undefined for samplers that it has not. */
export function labelSampler(name: string): SamplerLabel | undefined {
  const found = findSampler(name, samplers);
  if (found?.row.label === undefined) return undefined;
  const schedule = found.sigmaSchedule?.label;
  return { sampler: found.row.label, ...(schedule === undefined ? {} : { schedule }) };
}
