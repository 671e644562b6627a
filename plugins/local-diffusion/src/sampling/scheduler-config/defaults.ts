import type { SchedulerConfig } from './scheduler-config.js';

/** What all classes know of the training, with diffusers' defaults. */
export const training = {
  num_train_timesteps: 1000,
  beta_start: 0.0001,
  beta_end: 0.02,
  beta_schedule: 'linear',
  trained_betas: null,
  prediction_type: 'epsilon',
} as const;

/**
 * The classes that came over from k-diffusion's two-call samplers, and the distilled ones, start from Stable
 * Diffusion's betas.
 */
export const latentDiffusionTraining = { ...training, beta_start: 0.00085, beta_end: 0.012 } as const;

export const linspaceSpacing = { timestep_spacing: 'linspace', steps_offset: 0 } as const;
export const leadingSpacing = { timestep_spacing: 'leading', steps_offset: 0 } as const;

export const sigmaKeys = {
  use_karras_sigmas: false,
  use_exponential_sigmas: false,
  use_beta_sigmas: false,
  sigma_min: null,
  sigma_max: null,
} as const;

export const thresholdingKeys = {
  thresholding: false,
  dynamic_thresholding_ratio: 0.995,
  sample_max_value: 1,
} as const;
export const clippingKeys = { clip_sample: true, clip_sample_range: 1 } as const;
export const flowKeys = { use_flow_sigmas: false, flow_shift: 1, use_dynamic_shifting: false } as const;

export const solverKeys = {
  ...training,
  ...sigmaKeys,
  ...thresholdingKeys,
  ...flowKeys,
  solver_order: 2,
  lower_order_final: true,
} as const;

/** The keys that choose the form of DPM-Solver. */
export const dpmFormKeys = {
  algorithm_type: 'dpmsolver++',
  solver_order: 2,
  solver_type: 'midpoint',
} as const;

export const dpmSolverKeys = {
  ...solverKeys,
  ...dpmFormKeys,
  final_sigmas_type: 'zero',
  lambda_min_clipped: Number.NEGATIVE_INFINITY,
  variance_type: null,
} as const;

export const consistencyKeys = {
  ...latentDiffusionTraining,
  ...leadingSpacing,
  ...thresholdingKeys,
  beta_schedule: 'scaled_linear',
  clip_sample: false,
  clip_sample_range: 1,
  set_alpha_to_one: true,
  rescale_betas_zero_snr: false,
  original_inference_steps: 50,
  timestep_scaling: 10,
} as const;

/**
 * Flow matching: how times are shifted towards noise, by a fixed factor or by one that grows with the image.
 */
export const timeShiftKeys = {
  shift: 1,
  use_dynamic_shifting: false,
  base_shift: 0.5,
  max_shift: 1.15,
  base_image_seq_len: 256,
  max_image_seq_len: 4096,
  time_shift_type: 'exponential',
  invert_sigmas: false,
  stochastic_sampling: false,
} as const;

/** What a class that does not read a key behaves as if it said. */
export const neutralConfig: SchedulerConfig = {
  ...training,
  ...leadingSpacing,
  ...sigmaKeys,
  ...thresholdingKeys,
  ...flowKeys,
  rescale_betas_zero_snr: false,
  timestep_type: 'discrete',
  set_alpha_to_one: true,
  skip_prk_steps: false,
  interpolation_type: 'linear',
  use_lu_lambdas: false,
  shift_terminal: null,
  ...timeShiftKeys,
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
