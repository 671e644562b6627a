import type { SchedulerConfig } from '../scheduler-config/scheduler-config.js';
import { alignedSigmas } from './align-your-steps.js';
import { betaSigmas, betaTimestepSigmas } from './beta.js';
import { ddimUniformSigmas } from './ddim-uniform.js';
import { exponentialSigmas } from './exponential.js';
import { karrasSigmas } from './karras.js';
import { klOptimalSigmas } from './kl-optimal.js';
import { linearQuadraticSigmas } from './linear-quadratic.js';
import { luSigmas } from './lu.js';
import type { SigmaTable } from './sigma-table.js';
import { normalSigmas, sgmUniformSigmas, simpleSigmas } from './timestep-sigmas.js';

/** What a schedule in sigma is made for. */
export interface SigmaRange {
  /** The last sigma, above 0. */
  readonly min: number;
  /** The first one. */
  readonly max: number;
  /** Those that the model was trained on. */
  readonly table: SigmaTable;
  /** Those that were found to be best for models of this kind. Absent: none were. */
  readonly alignedSigmas?: readonly number[] | undefined;
}

/** A way to space sigmas, whatever the sampler. */
export interface SigmaSchedule {
  /** The ending of samplers' names, as in `dpmpp_2m_karras`. */
  readonly name: string;
  /**
   * As AUTOMATIC1111 calls it, or in its spelling. Absent: only a model's own configuration chooses it, and
   * no name does.
   */
  readonly label?: string;
  /** The key of scheduler_config.json that chooses it. Absent: only names do. */
  readonly key?: 'use_karras_sigmas' | 'use_exponential_sigmas' | 'use_beta_sigmas' | 'use_lu_lambdas';
  /** Whether only models have it for which the best sigmas were found. Absent: all do. */
  readonly isOfModel?: true;
  /**
   * `steps` sigmas, descending, or as many as the schedule makes of them; the one that is left at the end is
   * not among them.
   */
  sigmas(range: SigmaRange, steps: number): number[];
}

/** Every schedule in sigma. Where a configuration switches on several, the first one counts. */
export const sigmaSchedules: readonly SigmaSchedule[] = [
  { name: 'karras', label: 'Karras', key: 'use_karras_sigmas', sigmas: karrasSigmas },
  { name: 'lu', key: 'use_lu_lambdas', sigmas: luSigmas },
  { name: 'exponential', label: 'Exponential', key: 'use_exponential_sigmas', sigmas: exponentialSigmas },
  { name: 'polyexponential', label: 'Polyexponential', sigmas: exponentialSigmas },
  { name: 'beta', label: 'Beta', key: 'use_beta_sigmas', sigmas: betaSigmas },
  { name: 'beta_timesteps', label: 'Beta Timesteps', sigmas: betaTimestepSigmas },
  { name: 'sgm_uniform', label: 'SGM Uniform', sigmas: sgmUniformSigmas },
  { name: 'simple', label: 'Simple', sigmas: simpleSigmas },
  { name: 'normal', label: 'Normal', sigmas: normalSigmas },
  { name: 'ddim_uniform', label: 'DDIM Uniform', sigmas: ddimUniformSigmas },
  { name: 'linear_quadratic', label: 'Linear Quadratic', sigmas: linearQuadraticSigmas },
  { name: 'kl_optimal', label: 'KL Optimal', sigmas: klOptimalSigmas },
  { name: 'align_your_steps', label: 'Align Your Steps', isOfModel: true, sigmas: alignedSigmas },
];

/**
 * `steps` sigmas of a schedule. `sigma_min` and `sigma_max` of the configuration come before the limits.
 * @param limits the smallest and the largest sigma of the class's plain schedule
 */
export function spaceSigmas(
  schedule: SigmaSchedule,
  { sigma_min, sigma_max }: Pick<SchedulerConfig, 'sigma_min' | 'sigma_max'>,
  limits: SigmaRange,
  steps: number,
): number[] {
  return schedule.sigmas({ ...limits, min: sigma_min ?? limits.min, max: sigma_max ?? limits.max }, steps);
}
