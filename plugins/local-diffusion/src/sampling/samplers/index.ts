import {
  ddimScheduler,
  ddpmScheduler,
  lcmScheduler,
  pndmScheduler,
  tcdScheduler,
} from '../scheduler-config/discrete-classes.js';
import {
  edmDpmSolverMultistepScheduler,
  edmEulerScheduler,
  edmSchedulerOf,
} from '../scheduler-config/edm-classes.js';
import {
  flowMatchEulerDiscreteScheduler,
  flowMatchHeunDiscreteScheduler,
  flowMatchSolverScheduler,
} from '../scheduler-config/flow-classes.js';
import {
  dpmSolverSdeScheduler,
  eulerAncestralDiscreteScheduler,
  eulerDiscreteScheduler,
  heunDiscreteScheduler,
  kdpm2AncestralDiscreteScheduler,
  kdpm2DiscreteScheduler,
  lmsDiscreteScheduler,
} from '../scheduler-config/sigma-classes.js';
import {
  deisMultistepScheduler,
  dpmSolverMultistepScheduler,
  dpmSolverSinglestepScheduler,
  uniPcMultistepScheduler,
} from '../scheduler-config/solver-classes.js';
import { sampleDdim } from './ddim.js';
import { sampleDdpm } from './ddpm.js';
import { sampleDeis } from './deis.js';
import { dpm2SecondSigma, sampleDpm2 } from './dpm-2.js';
import { dpm2AncestralSecondSigma, sampleDpm2Ancestral } from './dpm-2-ancestral.js';
import { sampleDpmSolverMultistep } from './dpm-solver-multistep.js';
import { sampleDpmSolverSinglestep } from './dpm-solver-singlestep.js';
import { dpmpp2sAncestralSecondSigma, sampleDpmpp2sAncestral } from './dpmpp-2s-ancestral.js';
import { dpmppSdeSecondSigma, sampleDpmppSde } from './dpmpp-sde.js';
import { sampleErSde } from './er-sde.js';
import { sampleEuler } from './euler.js';
import { sampleEulerAncestral } from './euler-ancestral.js';
import { sampleHeun } from './heun.js';
import { sampleIpndm, sampleIpndmV } from './ipndm.js';
import { sampleLcm } from './lcm.js';
import { sampleLms } from './lms.js';
import { samplePndm } from './pndm.js';
import { sampleResMultistep } from './res-multistep.js';
import { restartLevels, sampleRestart } from './restart.js';
import type { SamplerRow } from './sampler-row.js';
import { sampleTcd } from './tcd.js';
import { sampleUniPc } from './unipc.js';

/** Samplers of k-diffusion's kind that diffusers has no class of. */
const inSigma = {
  scheduler: eulerDiscreteScheduler,
  flowScheduler: flowMatchEulerDiscreteScheduler,
  edmScheduler: edmEulerScheduler,
} as const;
const multistep = {
  sample: sampleDpmSolverMultistep,
  scheduler: dpmSolverMultistepScheduler,
  edmScheduler: edmDpmSolverMultistepScheduler,
} as const;
const singlestep = { sample: sampleDpmSolverSinglestep, scheduler: dpmSolverSinglestepScheduler } as const;
const deterministic = { algorithm_type: 'dpmsolver++' } as const;
const stochastic = { algorithm_type: 'sde-dpmsolver++' } as const;

/**
 * Every sampler, one a row, in the order in which they are offered. Of rows with the same scheduler class the
 * first one is meant by its name.
 */
export const samplers: readonly SamplerRow[] = [
  { name: 'ddim', label: 'DDIM', sample: sampleDdim, scheduler: ddimScheduler },
  { name: 'ddpm', sample: sampleDdpm, scheduler: ddpmScheduler },
  { name: 'pndm', label: 'PLMS', aliases: ['plms'], sample: samplePndm, scheduler: pndmScheduler },
  { name: 'lcm', label: 'LCM', sample: sampleLcm, scheduler: lcmScheduler },
  { name: 'tcd', sample: sampleTcd, scheduler: tcdScheduler },
  {
    name: 'euler',
    label: 'Euler',
    sample: sampleEuler,
    scheduler: eulerDiscreteScheduler,
    flowScheduler: flowMatchEulerDiscreteScheduler,
    edmScheduler: edmEulerScheduler,
  },
  {
    name: 'euler_ancestral',
    label: 'Euler a',
    aliases: ['euler_a'],
    sample: sampleEulerAncestral,
    scheduler: eulerAncestralDiscreteScheduler,
    edmScheduler: edmSchedulerOf(eulerAncestralDiscreteScheduler),
  },
  { name: 'edm_euler', sample: sampleEuler, scheduler: edmEulerScheduler, edmScheduler: edmEulerScheduler },
  {
    name: 'lms',
    label: 'LMS',
    sample: sampleLms,
    scheduler: lmsDiscreteScheduler,
    edmScheduler: edmSchedulerOf(lmsDiscreteScheduler),
  },
  {
    name: 'heun',
    label: 'Heun',
    sample: sampleHeun,
    scheduler: heunDiscreteScheduler,
    edmScheduler: edmSchedulerOf(heunDiscreteScheduler),
    flowScheduler: flowMatchHeunDiscreteScheduler,
    secondCall: 'end',
  },
  {
    name: 'dpm_2',
    label: 'DPM2',
    aliases: ['dpm2', 'kdpm2', 'kdpm_2'],
    sample: sampleDpm2,
    scheduler: kdpm2DiscreteScheduler,
    edmScheduler: edmSchedulerOf(kdpm2DiscreteScheduler),
    secondCall: dpm2SecondSigma,
  },
  {
    name: 'dpm_2_ancestral',
    label: 'DPM2 a',
    aliases: ['dpm2_a', 'dpm2_ancestral', 'dpm_2_a', 'kdpm2_a', 'kdpm_2_a'],
    sample: sampleDpm2Ancestral,
    scheduler: kdpm2AncestralDiscreteScheduler,
    edmScheduler: edmSchedulerOf(kdpm2AncestralDiscreteScheduler),
    secondCall: dpm2AncestralSecondSigma,
  },
  {
    ...multistep,
    name: 'dpmpp_2m',
    label: 'DPM++ 2M',
    sets: { ...deterministic, solver_order: 2 },
  },
  {
    ...multistep,
    name: 'dpmpp_2m_sde',
    label: 'DPM++ 2M SDE',
    aliases: ['dpmpp_2m_sde_gpu'],
    sets: { ...stochastic, solver_order: 2 },
  },
  { ...multistep, name: 'dpmpp_3m', sets: { ...deterministic, solver_order: 3 } },
  {
    ...multistep,
    name: 'dpmpp_3m_sde',
    label: 'DPM++ 3M SDE',
    aliases: ['dpmpp_3m_sde_gpu'],
    sets: { ...stochastic, solver_order: 3 },
  },
  { ...singlestep, name: 'dpmpp_2s', sets: { ...deterministic, solver_order: 2 } },
  { ...singlestep, name: 'dpmpp_3s', sets: { ...deterministic, solver_order: 3 } },
  {
    name: 'dpmpp_2s_ancestral',
    label: 'DPM++ 2S a',
    aliases: ['dpmpp_2s_a'],
    ...inSigma,
    sample: sampleDpmpp2sAncestral,
    secondCall: dpmpp2sAncestralSecondSigma,
  },
  {
    name: 'dpmpp_sde',
    label: 'DPM++ SDE',
    aliases: ['dpmpp_sde_gpu'],
    sample: sampleDpmppSde,
    scheduler: dpmSolverSdeScheduler,
    flowScheduler: flowMatchSolverScheduler,
    edmScheduler: edmSchedulerOf(dpmSolverSdeScheduler),
    secondCall: dpmppSdeSecondSigma,
  },
  {
    name: 'restart',
    label: 'Restart',
    sample: sampleRestart,
    scheduler: eulerDiscreteScheduler,
    edmScheduler: edmEulerScheduler,
    secondCall: 'end',
    levels: restartLevels,
  },
  { name: 'er_sde', ...inSigma, sample: sampleErSde, flowScheduler: flowMatchSolverScheduler },
  { name: 'ipndm', ...inSigma, sample: sampleIpndm },
  { name: 'ipndm_v', ...inSigma, sample: sampleIpndmV },
  { name: 'res_multistep', ...inSigma, sample: sampleResMultistep },
  { name: 'deis', sample: sampleDeis, scheduler: deisMultistepScheduler },
  {
    name: 'unipc',
    label: 'UniPC',
    aliases: ['uni_pc', 'unipc_multistep', 'uni_pc_bh2'],
    sample: sampleUniPc,
    scheduler: uniPcMultistepScheduler,
  },
];
