import { z } from 'zod';

/** The training of a case's model: ComfyUI's `model`, or AUTOMATIC1111's `parameterization`. */
export const modelSchema = z.object({
  kind: z.enum(['eps', 'v', 'edm', 'edmv', 'flow', 'flux']),
  zsnr: z.boolean().default(false),
  shift: z.number().optional(),
  sigma_min: z.number().optional(),
  sigma_max: z.number().optional(),
  sigma_data: z.number().optional(),
});
export type Model = z.output<typeof modelSchema>;

/** The `scheduler_config.json` of such a model. */
export function schedulerConfigOf({ kind, zsnr, shift = 1, ...sigmas }: Model, linearEnd = 0.012): object {
  if (kind === 'flux') {
    const shifts = { base_shift: shift, max_shift: shift, time_shift_type: 'exponential' };
    return { _class_name: 'FlowMatchEulerDiscreteScheduler', use_dynamic_shifting: true, ...shifts };
  }
  if (kind === 'flow') return { _class_name: 'FlowMatchEulerDiscreteScheduler', shift };
  const prediction_type = kind === 'v' || kind === 'edmv' ? 'v_prediction' : 'epsilon';
  if (kind === 'edm' || kind === 'edmv')
    return { _class_name: 'EDMEulerScheduler', prediction_type, ...sigmas };
  return {
    _class_name: 'EulerDiscreteScheduler',
    beta_start: 0.00085,
    beta_end: linearEnd,
    beta_schedule: 'scaled_linear',
    rescale_betas_zero_snr: zsnr,
    prediction_type,
  };
}

export const isFlow = ({ kind }: Model): boolean => kind === 'flow' || kind === 'flux';

/** The sigma from which ComfyUI takes a run for one of the whole schedule. */
export const largestSigma = ({ kind, zsnr, sigma_max }: Model): number =>
  kind === 'edm' || kind === 'edmv' ? sigma_max! : zsnr ? 4518.76367 : 14.6146412;

/** What the stand-in for a model takes the image for, with guidance. */
export function standInDenoised(latents: Float32Array, sigma: number, alpha: number, guidance: number) {
  const squared = alpha ** 2 + sigma ** 2;
  const depth = Math.log(1 + sigma);
  return latents.map((x) => {
    const scaled = x / Math.sqrt(squared);
    const conditional = 0.8 * Math.sin(1.7 * scaled + 0.6 * depth);
    const unconditional = 0.5 * Math.cos(1.1 * scaled - 0.4 * depth);
    const read = (guess: number) => (alpha * x + sigma ** 2 * guess) / squared;
    return read(unconditional) + guidance * (read(conditional) - read(unconditional));
  });
}

/** What the stand-in for a network gives, with guidance. */
export function standInOutput(scaled: Float32Array, timestep: number, guidance: number): Float32Array {
  return scaled.map((x) => {
    const conditional = 0.35 * Math.sin(1.7 * x + 0.013 * timestep) + 0.1 * x;
    const unconditional = 0.3 * Math.cos(1.1 * x + 0.011 * timestep) + 0.08 * x;
    return unconditional + guidance * (conditional - unconditional);
  });
}
