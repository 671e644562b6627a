import { EaselError } from '@easel/plugin-sdk';
import { z } from 'zod';

/** diffusers' ways to spread steps over the timesteps of the training. */
export const timestepSpacings = ['leading', 'trailing', 'linspace'] as const;
export type TimestepSpacing = (typeof timestepSpacings)[number];

/** `null` switches a flag off, as Python's `None` does. */
const flag = z
  .boolean()
  .nullable()
  .transform((value) => value ?? false);
/**
 * JSON has no infinities; files written by Python carry them bare, and {@link readSchedulerConfig} turns them
 * into strings.
 */
const number = z.union([z.number(), z.enum(['-Infinity', 'Infinity']).transform(Number)]);
/** Schedules are lists as long as this: what no model was trained with must not fill the memory. */
const count = z.number().int().positive().max(100_000);

/** Every key of `scheduler_config.json` that a sampler here reads, by the file's own name. */
const keys = z.object({
  num_train_timesteps: count,
  beta_start: z.number(),
  beta_end: z.number(),
  beta_schedule: z.enum(['linear', 'scaled_linear', 'squaredcos_cap_v2', 'sigmoid', 'laplace', 'exp']),
  trained_betas: z.array(z.number()).min(1).nullable(),
  rescale_betas_zero_snr: flag,
  prediction_type: z.enum(['epsilon', 'v_prediction', 'sample', 'flow_prediction']),
  timestep_spacing: z.enum(timestepSpacings),
  timestep_type: z.enum(['discrete', 'continuous']),
  steps_offset: z.number().int().min(-100_000).max(100_000),
  set_alpha_to_one: flag,
  skip_prk_steps: flag,
  interpolation_type: z.enum(['linear', 'log_linear']),
  use_karras_sigmas: flag,
  use_exponential_sigmas: flag,
  use_beta_sigmas: flag,
  use_lu_lambdas: flag,
  use_flow_sigmas: flag,
  flow_shift: z.number().positive(),
  shift_terminal: z.number().min(0).max(0.999).nullable(),
  shift: z.number().positive(),
  base_shift: z.number(),
  max_shift: z.number(),
  base_image_seq_len: count,
  max_image_seq_len: count,
  time_shift_type: z.enum(['exponential', 'linear']),
  invert_sigmas: flag,
  stochastic_sampling: flag,
  use_dynamic_shifting: flag,
  sigma_min: z.number().nullable(),
  sigma_max: z.number().nullable(),
  sigma_data: z.number().positive(),
  sigma_schedule: z.enum(['karras', 'exponential']),
  rho: z.number().positive(),
  final_sigmas_type: z.enum(['zero', 'sigma_min']),
  lambda_min_clipped: number,
  clip_sample: flag,
  clip_sample_range: z.number().positive(),
  thresholding: flag,
  dynamic_thresholding_ratio: z.number().min(0).max(1),
  sample_max_value: z.number(),
  variance_type: z
    .enum(['fixed_small', 'fixed_small_log', 'fixed_large', 'fixed_large_log', 'learned', 'learned_range'])
    .nullable(),
  // What DEIS's configuration says becomes DPM-Solver++ for the others, as in diffusers.
  algorithm_type: z
    .enum(['dpmsolver', 'dpmsolver++', 'sde-dpmsolver', 'sde-dpmsolver++', 'deis'])
    .transform((type) => (type === 'deis' ? 'dpmsolver++' : type)),
  solver_order: z.number().int().min(1).max(3),
  solver_type: z.enum(['midpoint', 'heun', 'logrho', 'bh1', 'bh2']),
  lower_order_final: flag,
  euler_at_final: flag,
  predict_x0: flag,
  disable_corrector: z.array(z.number().int()),
  solver_p: z.null(),
  original_inference_steps: count,
  timestep_scaling: z.number(),
});

/** The effective configuration of a sampler: every key, under the name it has in `scheduler_config.json`. */
export type SchedulerConfig = z.output<typeof keys>;

/** A file may leave out each of them. */
const anyKeys = keys.partial();

/** Keys that diffusers writes for its own book-keeping. */
const inertKeys = new Set(['_class_name', '_diffusers_version', '_use_default_values']);

/** What `scheduler_config.json` says, before it is narrowed to one sampler's keys. */
export interface ParsedSchedulerConfig {
  /** `_class_name`, the diffusers class that the model was made for; absent if the file does not say. */
  readonly className: string | undefined;
  readonly values: Partial<SchedulerConfig>;
  /** One sentence for each key that nobody here understands. */
  readonly warnings: readonly string[];
}

/**
 * Validates the content of a `scheduler_config.json`.
 * @throws EaselError ERR_MODEL_FILES_INVALID for a known key with a value that is not supported.
 */
export function parseSchedulerConfig(content: unknown): ParsedSchedulerConfig {
  const parsed = anyKeys.safeParse(content);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const value = issue.path.reduce<unknown>(
      (parent, key) => (parent as Record<PropertyKey, unknown> | undefined)?.[key],
      content,
    );
    throw new EaselError({
      code: 'ERR_MODEL_FILES_INVALID',
      message: `scheduler_config.json: ${issue.path.join('.') || 'the file'} is ${JSON.stringify(value)}: ${issue.message}`,
      cause: parsed.error,
    });
  }
  const all = content as Record<string, unknown>;
  const unknown = Object.keys(all).filter((key) => !(key in keys.shape) && !inertKeys.has(key));
  return {
    className: typeof all._class_name === 'string' ? all._class_name : undefined,
    values: parsed.data as Partial<SchedulerConfig>,
    warnings: unknown.map(
      (key) => `scheduler_config.json: the key "${key}" is not understood and was ignored`,
    ),
  };
}

/**
 * Parses the text of a `scheduler_config.json`, bare `-Infinity` included, which Python writes and JSON
 * forbids.
 * @throws EaselError ERR_MODEL_FILES_INVALID, naming `file`, if the text is not a JSON object.
 */
export function readSchedulerConfig(text: string, file: string): unknown {
  const quoted = text.replace(/"(?:[^"\\]|\\.)*"|-?\bInfinity\b/g, (token) =>
    token.startsWith('"') ? token : `"${token}"`,
  );
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(quoted));
  } catch (cause) {
    throw new EaselError({ code: 'ERR_MODEL_FILES_INVALID', message: `${file} is not a JSON object`, cause });
  }
}
