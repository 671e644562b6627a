import type { SchedulerConfig } from './scheduler-config.js';

/** How a family of samplers measures noise: by alphaCumprod of the timestep, or by sigma, with or without input scaling. */
export type NoiseScale = 'alpha-cumprod' | 'sigma' | 'alpha-sigma' | 'edm';

/** A diffusers scheduler class: which keys of the configuration it reads, with its defaults. */
export interface SchedulerClass {
  readonly noiseScale: NoiseScale;
  /** Every key that the class reads; a key that is not here is ignored, as diffusers does. */
  readonly defaults: Partial<SchedulerConfig>;
}

const training = {
  num_train_timesteps: 1000,
  beta_start: 0.0001,
  beta_end: 0.02,
  beta_schedule: 'linear',
  trained_betas: null,
  prediction_type: 'epsilon',
} as const;

/** The classes that came over from k-diffusion's two-call samplers, and the distilled ones, start from Stable Diffusion's betas. */
const latentDiffusionTraining = { ...training, beta_start: 0.00085, beta_end: 0.012 } as const;

const spacing = { timestep_spacing: 'linspace', steps_offset: 0 } as const;
const leading = { timestep_spacing: 'leading', steps_offset: 0 } as const;

const sigmaSchedules = {
  use_karras_sigmas: false,
  use_exponential_sigmas: false,
  use_beta_sigmas: false,
  sigma_min: null,
  sigma_max: null,
} as const;

const thresholding = { thresholding: false, dynamic_thresholding_ratio: 0.995, sample_max_value: 1 } as const;
const clipping = { clip_sample: true, clip_sample_range: 1 } as const;
const flow = { use_flow_sigmas: false, flow_shift: 1, use_dynamic_shifting: false } as const;

const solver = {
  ...training,
  ...sigmaSchedules,
  ...thresholding,
  ...flow,
  solver_order: 2,
  lower_order_final: true,
} as const;

const dpmSolver = {
  ...solver,
  algorithm_type: 'dpmsolver++',
  solver_type: 'midpoint',
  final_sigmas_type: 'zero',
  lambda_min_clipped: Number.NEGATIVE_INFINITY,
  variance_type: null,
} as const;

const consistency = {
  ...latentDiffusionTraining,
  ...leading,
  ...thresholding,
  beta_schedule: 'scaled_linear',
  clip_sample: false,
  clip_sample_range: 1,
  set_alpha_to_one: true,
  rescale_betas_zero_snr: false,
  original_inference_steps: 50,
  timestep_scaling: 10,
} as const;

/** What a class that does not read a key behaves as if it said. */
export const neutralConfig: SchedulerConfig = {
  ...training,
  ...leading,
  ...sigmaSchedules,
  ...thresholding,
  ...flow,
  rescale_betas_zero_snr: false,
  timestep_type: 'discrete',
  set_alpha_to_one: true,
  skip_prk_steps: false,
  interpolation_type: 'linear',
  use_lu_lambdas: false,
  shift_terminal: null,
  sigma_data: 0.5,
  sigma_schedule: 'karras',
  rho: 7,
  final_sigmas_type: 'zero',
  lambda_min_clipped: Number.NEGATIVE_INFINITY,
  clip_sample: false,
  clip_sample_range: 1,
  variance_type: null,
  algorithm_type: 'dpmsolver++',
  solver_order: 2,
  solver_type: 'midpoint',
  lower_order_final: true,
  euler_at_final: false,
  predict_x0: true,
  disable_corrector: [],
  solver_p: null,
  original_inference_steps: 50,
  timestep_scaling: 10,
};

/** The diffusers classes that are built, with the defaults of diffusers 0.40. */
export const schedulerClasses = {
  DDIMScheduler: {
    noiseScale: 'alpha-cumprod',
    defaults: {
      ...training,
      ...leading,
      ...thresholding,
      ...clipping,
      set_alpha_to_one: true,
      rescale_betas_zero_snr: false,
    },
  },
  DDPMScheduler: {
    noiseScale: 'alpha-cumprod',
    defaults: {
      ...training,
      ...leading,
      ...thresholding,
      ...clipping,
      variance_type: 'fixed_small',
      rescale_betas_zero_snr: false,
    },
  },
  PNDMScheduler: {
    noiseScale: 'alpha-cumprod',
    defaults: { ...training, ...leading, skip_prk_steps: false, set_alpha_to_one: false },
  },
  LCMScheduler: { noiseScale: 'alpha-cumprod', defaults: consistency },
  TCDScheduler: { noiseScale: 'alpha-cumprod', defaults: consistency },
  EulerDiscreteScheduler: {
    noiseScale: 'sigma',
    defaults: {
      ...training,
      ...spacing,
      ...sigmaSchedules,
      interpolation_type: 'linear',
      timestep_type: 'discrete',
      rescale_betas_zero_snr: false,
      final_sigmas_type: 'zero',
    },
  },
  EulerAncestralDiscreteScheduler: {
    noiseScale: 'sigma',
    defaults: { ...training, ...spacing, rescale_betas_zero_snr: false },
  },
  LMSDiscreteScheduler: { noiseScale: 'sigma', defaults: { ...training, ...spacing, ...sigmaSchedules } },
  HeunDiscreteScheduler: {
    noiseScale: 'sigma',
    defaults: {
      ...latentDiffusionTraining,
      ...spacing,
      ...sigmaSchedules,
      clip_sample: false,
      clip_sample_range: 1,
    },
  },
  KDPM2DiscreteScheduler: {
    noiseScale: 'sigma',
    defaults: { ...latentDiffusionTraining, ...spacing, ...sigmaSchedules },
  },
  KDPM2AncestralDiscreteScheduler: {
    noiseScale: 'sigma',
    defaults: { ...latentDiffusionTraining, ...spacing, ...sigmaSchedules },
  },
  DPMSolverMultistepScheduler: {
    noiseScale: 'alpha-sigma',
    defaults: {
      ...dpmSolver,
      ...spacing,
      euler_at_final: false,
      use_lu_lambdas: false,
      rescale_betas_zero_snr: false,
    },
  },
  DPMSolverSinglestepScheduler: {
    noiseScale: 'alpha-sigma',
    defaults: { ...dpmSolver, lower_order_final: false },
  },
  DEISMultistepScheduler: {
    noiseScale: 'alpha-sigma',
    defaults: { ...solver, ...spacing, algorithm_type: 'deis', solver_type: 'logrho' },
  },
  UniPCMultistepScheduler: {
    noiseScale: 'alpha-sigma',
    defaults: {
      ...solver,
      ...spacing,
      predict_x0: true,
      solver_type: 'bh2',
      disable_corrector: [],
      solver_p: null,
      final_sigmas_type: 'zero',
      rescale_betas_zero_snr: false,
      shift_terminal: null,
    },
  },
  EDMEulerScheduler: {
    noiseScale: 'edm',
    defaults: {
      sigma_min: 0.002,
      sigma_max: 80,
      sigma_data: 0.5,
      sigma_schedule: 'karras',
      num_train_timesteps: 1000,
      prediction_type: 'epsilon',
      rho: 7,
      final_sigmas_type: 'zero',
    },
  },
} as const satisfies Record<string, SchedulerClass>;

export type SchedulerClassName = keyof typeof schedulerClasses;

/**
 * diffusers' `Class.from_config(json)`: keys that the JSON lacks take the class's own default, and keys that the class does
 * not read are dropped.
 */
export function effectiveConfig(
  className: SchedulerClassName,
  values: Partial<SchedulerConfig>,
): SchedulerConfig {
  const defaults: Partial<SchedulerConfig> = schedulerClasses[className].defaults;
  const read = Object.entries(values).filter(([key, value]) => key in defaults && value !== undefined);
  return { ...neutralConfig, ...defaults, ...Object.fromEntries(read) };
}
