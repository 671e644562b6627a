import { sampleErSde } from './er-sde.js';
import { sampleGradientEstimation } from './gradient-estimation.js';
import { heunpp2Calls, sampleHeunpp2 } from './heunpp2.js';
import { sampleIpndm, sampleIpndmV } from './ipndm.js';
import { inLogSnr, inSigma } from './k-diffusion-classes.js';
import { atSigmas } from './later-calls.js';
import { sampleResMultistep, sampleResMultistepAncestral } from './res-multistep.js';
import { sampleSaSolver, sampleSaSolverPece, saSolverPeceCalls } from './sa-solver.js';
import type { SamplerRow } from './sampler-row.js';
import { sampleSeeds2, sampleSeeds3, seeds2SecondSigma, seeds3LaterSigmas } from './seeds.js';

/** Samplers that ComfyUI has and diffusers has no class of, by ComfyUI's names and Forge's labels. */
export const comfyuiSamplers: readonly SamplerRow[] = [
  { name: 'er_sde', label: 'ER SDE', ...inLogSnr, sample: sampleErSde },
  { name: 'ipndm', label: 'IPNDM', ...inSigma, sample: sampleIpndm },
  { name: 'ipndm_v', label: 'IPNDM V', ...inSigma, sample: sampleIpndmV },
  { name: 'res_multistep', label: 'Res Multistep', ...inSigma, sample: sampleResMultistep },
  {
    name: 'res_multistep_ancestral',
    label: 'Res Multistep Ancestral',
    ...inSigma,
    sample: sampleResMultistepAncestral,
  },
  { name: 'heunpp2', label: 'HeunPP2', ...inSigma, sample: sampleHeunpp2, laterCalls: heunpp2Calls },
  { name: 'gradient_estimation', label: 'Gradient Estimation', ...inSigma, sample: sampleGradientEstimation },
  {
    name: 'seeds_2',
    label: 'SEEDS 2',
    ...inLogSnr,
    sample: sampleSeeds2,
    laterCalls: atSigmas(seeds2SecondSigma),
  },
  {
    name: 'seeds_3',
    label: 'SEEDS 3',
    ...inLogSnr,
    sample: sampleSeeds3,
    laterCalls: atSigmas(...seeds3LaterSigmas),
  },
  { name: 'sa_solver', label: 'SA-Solver', ...inLogSnr, sample: sampleSaSolver },
  {
    name: 'sa_solver_pece',
    label: 'SA-Solver PECE',
    ...inLogSnr,
    sample: sampleSaSolverPece,
    laterCalls: saSolverPeceCalls,
  },
];
