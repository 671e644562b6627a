/**
 * Samplers by Runware's names, runware.ai/docs/image-inference/schedulers, as of October 2025. Which of them
 * a model takes is Runware's to say.
 *
 * @module
 */
import { EaselError, normaliseSamplerName, type SamplerLabel, splitSamplerName } from '@easel/plugin-sdk';

const withSchedules = (name: string) => [name, `${name} Karras`, `${name} Exponential`, `${name} Beta`];

/** Every scheduler of the list, both families. */
const schedulers: readonly string[] = [
  'Default',
  ...['Euler', 'DPM++', 'DPM++ SDE', 'DPM++ 2M', 'DPM++ 2M SDE', 'DPM++ 3M'].flatMap(withSchedules),
  ...['Euler a', 'EulerDiscreteScheduler', 'EulerAncestralDiscreteScheduler', 'EDMEulerScheduler'],
  ...['DDIM', 'DDIMScheduler', 'DDPMScheduler', 'PNDMScheduler', 'IPNDMScheduler', 'DEISMultistepScheduler'],
  ...['DPMSolverSinglestepScheduler', 'DPMSolverMultistepScheduler', 'DPMSolverMultistepInverse'],
  ...['EDMDPMSolverMultistepScheduler', 'KDPM2DiscreteScheduler', 'KDPM2AncestralDiscreteScheduler'],
  ...['Heun', 'Heun Karras', 'HeunDiscreteScheduler', 'LMS', 'LMS Karras', 'LMSDiscreteScheduler'],
  ...['LCM', 'LCMScheduler', 'TCDScheduler', 'FlowMatchEulerDiscreteScheduler', 'UniPCMultistepScheduler'],
  ...['UniPC', 'UniPC Karras', 'UniPC 2M', 'UniPC 2M Karras', 'UniPC 3M', 'UniPC 3M Karras'],
  ...['DPM++', 'IPNDM', 'UniPC'].flatMap((name) => withSchedules(`${name} Uniform`)),
];

/** Usual names that are not Runware's in another spelling; after {@link normaliseSamplerName}. */
const aliases: Readonly<Record<string, string>> = {
  euler_ancestral: 'Euler a',
  edm_euler: 'EDMEulerScheduler',
  ddpm: 'DDPMScheduler',
  pndm: 'PNDMScheduler',
  plms: 'PNDMScheduler',
  ipndm: 'IPNDMScheduler',
  deis: 'DEISMultistepScheduler',
  tcd: 'TCDScheduler',
  flow_match_euler: 'FlowMatchEulerDiscreteScheduler',
  dpm_2: 'KDPM2DiscreteScheduler',
  dpm2: 'KDPM2DiscreteScheduler',
  kdpm2: 'KDPM2DiscreteScheduler',
  dpm_2_ancestral: 'KDPM2AncestralDiscreteScheduler',
  dpm_2_a: 'KDPM2AncestralDiscreteScheduler',
  dpm2_a: 'KDPM2AncestralDiscreteScheduler',
  dpm2_ancestral: 'KDPM2AncestralDiscreteScheduler',
  dpmpp_2s: 'DPMSolverSinglestepScheduler',
  dpmpp_3s: 'DPMSolverSinglestepScheduler',
  uni_pc: 'UniPC',
};

const byName = new Map([
  ...schedulers.map((name) => [normaliseSamplerName(name), name] as const),
  ...Object.entries(aliases),
]);

/**
 * Runware's name of a sampler that is asked for by any of its usual names; without the schedule that it ends
 * in where Runware has no such combination, and the model's own one for a schedule alone.
 * @throws EaselError ERR_REQUEST_INVALID for one that it has not
 */
export function schedulerOf(name: string): string {
  const { sampler, schedule } = splitSamplerName(name);
  const stem = sampler === '' && schedule !== undefined ? 'default' : sampler;
  const found = byName.get(normaliseSamplerName(name)) ?? byName.get(stem);
  if (found) return found;
  throw new EaselError({
    code: 'ERR_REQUEST_INVALID',
    field: 'sampler',
    message: `sampler: Runware has none that is called "${name}"; it has ${schedulers.join(', ')}.`,
  });
}

/** The schedule of a sampler's name that {@link schedulerOf} leaves out. Undefined: it leaves none out. */
export const droppedScheduleOf = (name: string): string | undefined =>
  byName.has(normaliseSamplerName(name)) ? undefined : splitSamplerName(name).schedule;

/**
 * One of Runware's names as AUTOMATIC1111 has it, which most of them are; undefined for the names of classes.
 */
export function labelOf(scheduler: string): SamplerLabel | undefined {
  if (/^Default$|Scheduler$|Inverse$/.test(scheduler)) return undefined;
  const [, sampler = scheduler, schedule] = /^(.+) (Karras|Exponential|Beta)$/.exec(scheduler) ?? [];
  return schedule === undefined ? { sampler } : { sampler, schedule };
}
