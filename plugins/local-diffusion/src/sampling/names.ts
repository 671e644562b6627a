import { EaselError } from '@easel/plugin-sdk';
import { type SchedulerClassName, schedulerClasses } from './scheduler-config/classes.js';
import type { SchedulerConfig } from './scheduler-config/scheduler-config.js';

/** A sampler that somebody asked for: the class, and what the name says beyond it. */
export interface ResolvedSampler {
  readonly className: SchedulerClassName;
  readonly overrides: Partial<SchedulerConfig>;
}

const named: Readonly<Record<string, ResolvedSampler>> = {
  ddim: { className: 'DDIMScheduler', overrides: {} },
  ddpm: { className: 'DDPMScheduler', overrides: {} },
  pndm: { className: 'PNDMScheduler', overrides: {} },
  lcm: { className: 'LCMScheduler', overrides: {} },
  tcd: { className: 'TCDScheduler', overrides: {} },
  euler: { className: 'EulerDiscreteScheduler', overrides: {} },
  euler_ancestral: { className: 'EulerAncestralDiscreteScheduler', overrides: {} },
  edm_euler: { className: 'EDMEulerScheduler', overrides: {} },
  lms: { className: 'LMSDiscreteScheduler', overrides: {} },
  heun: { className: 'HeunDiscreteScheduler', overrides: {} },
  dpm_2: { className: 'KDPM2DiscreteScheduler', overrides: {} },
  dpm_2_ancestral: { className: 'KDPM2AncestralDiscreteScheduler', overrides: {} },
  dpmpp_2m: multistep('dpmsolver++', 2),
  dpmpp_2m_sde: multistep('sde-dpmsolver++', 2),
  dpmpp_3m: multistep('dpmsolver++', 3),
  dpmpp_3m_sde: multistep('sde-dpmsolver++', 3),
  dpmpp_2s: singlestep(2),
  dpmpp_3s: singlestep(3),
  deis: { className: 'DEISMultistepScheduler', overrides: {} },
  unipc: { className: 'UniPCMultistepScheduler', overrides: {} },
};

function multistep(algorithm_type: SchedulerConfig['algorithm_type'], solver_order: number): ResolvedSampler {
  return { className: 'DPMSolverMultistepScheduler', overrides: { algorithm_type, solver_order } };
}

function singlestep(solver_order: number): ResolvedSampler {
  return {
    className: 'DPMSolverSinglestepScheduler',
    overrides: { algorithm_type: 'dpmsolver++', solver_order },
  };
}

/** Other spellings, after {@link normalise}: those of AUTOMATIC1111, ComfyUI, InvokeAI and k-diffusion. */
const aliases: Readonly<Record<string, string>> = {
  plms: 'pndm',
  euler_a: 'euler_ancestral',
  dpm2: 'dpm_2',
  dpm2_a: 'dpm_2_ancestral',
  dpm2_ancestral: 'dpm_2_ancestral',
  dpm_2_a: 'dpm_2_ancestral',
  kdpm2: 'dpm_2',
  kdpm_2: 'dpm_2',
  kdpm2_a: 'dpm_2_ancestral',
  kdpm_2_a: 'dpm_2_ancestral',
  dpmpp2m: 'dpmpp_2m',
  dpmpp2m_sde: 'dpmpp_2m_sde',
  sde_dpmpp_2m: 'dpmpp_2m_sde',
  dpmpp_2m_sde_gpu: 'dpmpp_2m_sde',
  dpmpp3m: 'dpmpp_3m',
  dpmpp3m_sde: 'dpmpp_3m_sde',
  dpmpp_3m_sde_gpu: 'dpmpp_3m_sde',
  dpmpp2s: 'dpmpp_2s',
  uni_pc: 'unipc',
  unipc_multistep: 'unipc',
  uni_pc_bh2: 'unipc',
};

const schedules = {
  karras: 'use_karras_sigmas',
  exponential: 'use_exponential_sigmas',
  beta: 'use_beta_sigmas',
} as const;

const noSchedule = {
  use_karras_sigmas: false,
  use_exponential_sigmas: false,
  use_beta_sigmas: false,
  use_lu_lambdas: false,
} as const;

/** "DPM++ 2M Karras" and "k_dpmpp-2m_karras" both become `dpmpp_2m_karras`. */
function normalise(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replaceAll('+', 'p')
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .replace(/^k_/, '');
}

const takesSigmas = (className: SchedulerClassName) =>
  'use_karras_sigmas' in schedulerClasses[className].defaults;

/** Every name that people can choose, without the diffusers classes and the other spellings. */
export const samplerNames: readonly string[] = Object.entries(named).flatMap(([name, { className }]) =>
  takesSigmas(className)
    ? [name, ...Object.keys(schedules).map((schedule) => `${name}_${schedule}`)]
    : [name],
);

/**
 * Finds the sampler that is meant by a diffusers class name or one of the usual names (`dpmpp_2m_karras`, "Euler a", "PLMS").
 * A name without a schedule leaves the model's own schedule as it is.
 * @throws EaselError ERR_REQUEST_INVALID for an unknown name; the message lists the known ones, nearest first.
 */
export function resolveSampler(name: string): ResolvedSampler {
  if (Object.hasOwn(schedulerClasses, name)) return { className: name as SchedulerClassName, overrides: {} };
  const normal = normalise(name);
  const [, stem = normal, schedule] = /^(.*)_(karras|exponential|beta)$/.exec(normal) ?? [];
  const base = Object.hasOwn(aliases, stem) ? aliases[stem]! : stem;
  const found = Object.hasOwn(named, base) ? named[base] : undefined;
  if (found && schedule === undefined) return found;
  if (found && takesSigmas(found.className)) {
    const key = schedules[schedule as keyof typeof schedules];
    return { className: found.className, overrides: { ...found.overrides, ...noSchedule, [key]: true } };
  }
  const known = [...samplerNames].sort((a, b) => distance(normal, a) - distance(normal, b));
  throw new EaselError({
    code: 'ERR_REQUEST_INVALID',
    message: `the sampler "${name}" is not known; known are ${known.join(', ')}, and diffusers' class names`,
    hint: `Did you mean ${known[0]}?`,
  });
}

/** The name of a sampler as it is reported: the usual one, with the schedule in sigma if there is one. */
export function canonicalName(className: SchedulerClassName, config: SchedulerConfig): string {
  const base =
    className === 'DPMSolverMultistepScheduler' || className === 'DPMSolverSinglestepScheduler'
      ? solverName(className, config)
      : Object.entries(named).find(([, sampler]) => sampler.className === className)![0];
  const schedule = Object.entries(schedules).find(([, key]) => config[key]);
  return schedule ? `${base}_${schedule[0]}` : base;
}

function solverName(className: SchedulerClassName, config: SchedulerConfig): string {
  const family = config.algorithm_type.endsWith('dpmsolver') ? 'dpm' : 'dpmpp';
  const kind = className === 'DPMSolverMultistepScheduler' ? 'm' : 's';
  return `${family}_${config.solver_order}${kind}${config.algorithm_type.startsWith('sde-') ? '_sde' : ''}`;
}

/** Levenshtein's distance: how many letters have to be changed, added or left out. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
