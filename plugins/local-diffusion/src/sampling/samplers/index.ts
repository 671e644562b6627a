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
  flowMatchDpmSolverScheduler,
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
import { comfyuiSamplers } from './comfyui-samplers.js';
import { sampleDdim } from './ddim.js';
import { sampleDdpm } from './ddpm.js';
import { sampleDeis } from './deis.js';
import { dpm2SecondSigma, sampleDpm2 } from './dpm-2.js';
import { dpm2AncestralSecondSigma, sampleDpm2Ancestral } from './dpm-2-ancestral.js';
import { sampleDpmSolverMultistep } from './dpm-solver-multistep.js';
import { sampleDpmSolverSinglestep } from './dpm-solver-singlestep.js';
import { sampleDpmpp2m } from './dpmpp-2m.js';
import { dpmpp2sAncestralSecondSigma, sampleDpmpp2sAncestral } from './dpmpp-2s-ancestral.js';
import { sampleDpmpp3mSde } from './dpmpp-3m-sde.js';
import { dpmppSdeSecondSigma, sampleDpmppSde } from './dpmpp-sde.js';
import { sampleEuler } from './euler.js';
import { sampleEulerAncestral } from './euler-ancestral.js';
import { sampleHeun } from './heun.js';
import { inLogSnr, inSigma } from './k-diffusion-classes.js';
import { atEnd, atSigmas } from './later-calls.js';
import { sampleLcm, sampleLcmAlongFlow } from './lcm.js';
import { sampleLms } from './lms.js';
import { samplePndm } from './pndm.js';
import { restartLevels, sampleRestart } from './restart.js';
import type { SamplerRow } from './sampler-row.js';
import { sampleTcd } from './tcd.js';
import { sampleUniPc } from './unipc.js';

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
  { name: 'ddpm', label: 'DDPM', sample: sampleDdpm, scheduler: ddpmScheduler },
  { name: 'pndm', label: 'PLMS', aliases: ['plms'], sample: samplePndm, scheduler: pndmScheduler },
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
    name: 'lcm',
    label: 'LCM',
    sample: sampleLcm,
    scheduler: lcmScheduler,
    flowSample: sampleLcmAlongFlow,
    flowScheduler: flowMatchEulerDiscreteScheduler,
  },
  {
    name: 'euler_ancestral',
    label: 'Euler a',
    aliases: ['euler_a'],
    sample: sampleEulerAncestral,
    scheduler: eulerAncestralDiscreteScheduler,
    flowScheduler: flowMatchEulerDiscreteScheduler,
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
    laterCalls: atEnd,
  },
  {
    name: 'dpm_2',
    label: 'DPM2',
    aliases: ['dpm2', 'kdpm2', 'kdpm_2'],
    sample: sampleDpm2,
    scheduler: kdpm2DiscreteScheduler,
    flowScheduler: flowMatchEulerDiscreteScheduler,
    edmScheduler: edmSchedulerOf(kdpm2DiscreteScheduler),
    laterCalls: atSigmas(dpm2SecondSigma),
  },
  {
    name: 'dpm_2_ancestral',
    label: 'DPM2 a',
    aliases: ['dpm2_a', 'dpm2_ancestral', 'dpm_2_a', 'kdpm2_a', 'kdpm_2_a'],
    sample: sampleDpm2Ancestral,
    scheduler: kdpm2AncestralDiscreteScheduler,
    flowScheduler: flowMatchEulerDiscreteScheduler,
    edmScheduler: edmSchedulerOf(kdpm2AncestralDiscreteScheduler),
    laterCalls: atSigmas(dpm2AncestralSecondSigma),
  },
  {
    ...multistep,
    name: 'dpmpp_2m',
    label: 'DPM++ 2M',
    sets: { ...deterministic, solver_order: 2 },
    flowSample: sampleDpmpp2m,
    flowScheduler: flowMatchEulerDiscreteScheduler,
  },
  {
    ...multistep,
    name: 'dpmpp_2m_sde',
    label: 'DPM++ 2M SDE',
    aliases: ['dpmpp_2m_sde_gpu'],
    sets: { ...stochastic, solver_order: 2 },
    flowScheduler: flowMatchDpmSolverScheduler,
  },
  {
    ...multistep,
    name: 'dpmpp_2m_sde_heun',
    label: 'DPM++ 2M SDE Heun',
    aliases: ['dpmpp_2m_sde_heun_gpu'],
    sets: { ...stochastic, solver_order: 2, solver_type: 'heun' },
    flowScheduler: flowMatchDpmSolverScheduler,
  },
  { ...multistep, name: 'dpmpp_3m', sets: { ...deterministic, solver_order: 3 } },
  {
    name: 'dpmpp_3m_sde',
    label: 'DPM++ 3M SDE',
    aliases: ['dpmpp_3m_sde_gpu'],
    ...inLogSnr,
    sample: sampleDpmpp3mSde,
  },
  { ...singlestep, name: 'dpmpp_2s', sets: { ...deterministic, solver_order: 2 } },
  { ...singlestep, name: 'dpmpp_3s', sets: { ...deterministic, solver_order: 3 } },
  {
    name: 'dpmpp_2s_ancestral',
    label: 'DPM++ 2S a',
    aliases: ['dpmpp_2s_a'],
    ...inSigma,
    sample: sampleDpmpp2sAncestral,
    laterCalls: atSigmas(dpmpp2sAncestralSecondSigma),
  },
  {
    name: 'dpmpp_sde',
    label: 'DPM++ SDE',
    aliases: ['dpmpp_sde_gpu'],
    sample: sampleDpmppSde,
    scheduler: dpmSolverSdeScheduler,
    flowScheduler: flowMatchSolverScheduler,
    edmScheduler: edmSchedulerOf(dpmSolverSdeScheduler),
    laterCalls: atSigmas(dpmppSdeSecondSigma),
  },
  {
    name: 'restart',
    label: 'Restart',
    sample: sampleRestart,
    scheduler: eulerDiscreteScheduler,
    edmScheduler: edmEulerScheduler,
    laterCalls: atEnd,
    levels: restartLevels,
  },
  ...comfyuiSamplers,
  { name: 'deis', label: 'DEIS', sample: sampleDeis, scheduler: deisMultistepScheduler },
  {
    name: 'unipc',
    label: 'UniPC',
    aliases: ['uni_pc', 'unipc_multistep', 'uni_pc_bh2'],
    sample: sampleUniPc,
    scheduler: uniPcMultistepScheduler,
  },
];
