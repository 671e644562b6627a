import type { SchedulerClassName } from '../scheduler-config/classes.js';
import { sampleLcm, sampleTcd } from './consistency.js';
import { sampleDdim } from './ddim.js';
import { sampleDdpm } from './ddpm.js';
import { sampleDeis } from './deis.js';
import { sampleDpmSolverMultistep } from './dpm-solver-multistep.js';
import { sampleDpmSolverSinglestep } from './dpm-solver-singlestep.js';
import { sampleEdmEuler, sampleEuler, sampleEulerAncestral } from './euler.js';
import { sampleLms } from './lms.js';
import { samplePndm } from './pndm.js';
import type { Sampler } from './sampler.js';
import { sampleDpm2, sampleDpm2Ancestral, sampleHeun } from './two-call.js';
import { sampleUniPc } from './unipc.js';

/** Every sampler, by the diffusers class that it answers to. */
export const samplers: Readonly<Record<SchedulerClassName, Sampler>> = {
  DDIMScheduler: sampleDdim,
  DDPMScheduler: sampleDdpm,
  PNDMScheduler: samplePndm,
  LCMScheduler: sampleLcm,
  TCDScheduler: sampleTcd,
  EulerDiscreteScheduler: sampleEuler,
  EulerAncestralDiscreteScheduler: sampleEulerAncestral,
  EDMEulerScheduler: sampleEdmEuler,
  LMSDiscreteScheduler: sampleLms,
  HeunDiscreteScheduler: sampleHeun,
  KDPM2DiscreteScheduler: sampleDpm2,
  KDPM2AncestralDiscreteScheduler: sampleDpm2Ancestral,
  DPMSolverMultistepScheduler: sampleDpmSolverMultistep,
  DPMSolverSinglestepScheduler: sampleDpmSolverSinglestep,
  DEISMultistepScheduler: sampleDeis,
  UniPCMultistepScheduler: sampleUniPc,
};
