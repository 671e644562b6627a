import type { SchedulerConfig } from '../scheduler-config/scheduler-config.js';
import { linspaceFloat32 } from './linspace.js';

const alphaBars = {
  squaredcos_cap_v2: (t: number) => Math.cos((((t + 0.008) / 1.008) * Math.PI) / 2) ** 2,
  exp: (t: number) => Math.exp(t * -12),
  laplace: (t: number) => {
    const lambda = -0.5 * Math.sign(0.5 - t || 1) * Math.log(1 - 2 * Math.abs(0.5 - t) + 1e-6);
    return Math.sqrt(Math.exp(lambda) / (1 + Math.exp(lambda)));
  },
} as const;

function betasForAlphaBar(alphaBar: (t: number) => number, count: number): Float32Array {
  const betas = Float32Array.from({ length: count }, (_, i) =>
    Math.min(1 - alphaBar((i + 1) / count) / alphaBar(i / count), 0.999),
  );
  return betas;
}

/**
 * The variance added at each training timestep: `num_train_timesteps` numbers in (0, 1), in diffusers'
 * float32 arithmetic.
 */
export function trainingBetas(config: SchedulerConfig): Float32Array {
  const { num_train_timesteps: count, beta_start: start, beta_end: end } = config;
  if (config.trained_betas) return Float32Array.from(config.trained_betas);
  switch (config.beta_schedule) {
    case 'linear':
      return linspaceFloat32(start, end, count);
    case 'scaled_linear':
      return linspaceFloat32(start ** 0.5, end ** 0.5, count).map((root) => root * root);
    case 'sigmoid':
      return linspaceFloat32(-6, 6, count).map((x) => (1 / (1 + Math.exp(-x))) * (end - start) + start);
    default:
      return betasForAlphaBar(alphaBars[config.beta_schedule], count);
  }
}

/** Running product of `1 - beta` in float32; torch accumulates in double and rounds each entry. */
function cumulativeProduct(betas: Float32Array): Float32Array {
  let product = 1;
  return betas.map((beta) => {
    product *= Math.fround(1 - beta);
    return product;
  });
}

/**
 * Rescales betas so that the last timestep is pure noise: "Common Diffusion Noise Schedules ... Are Flawed",
 * algorithm 1.
 */
function rescaleToZeroTerminalSnr(betas: Float32Array): Float32Array {
  const roots = cumulativeProduct(betas).map(Math.sqrt);
  const first = roots[0]!;
  const last = roots.at(-1)!;
  const factor = Math.fround(first / Math.fround(first - last));
  const bars = roots.map((root) => Math.fround(Math.fround(root - last) * factor) ** 2);
  return bars.map((bar, i) => 1 - (i === 0 ? bar : Math.fround(bar / bars[i - 1]!)));
}

/**
 * alphaCumprod of every training timestep: the share of the image's variance that is left there.
 * @param keepFinite whether a zero-SNR schedule ends in 2^-24 instead of 0, as the sigma samplers need it.
 */
export function alphasCumprod(config: SchedulerConfig, keepFinite: boolean): Float32Array {
  const betas = trainingBetas(config);
  if (!config.rescale_betas_zero_snr) return cumulativeProduct(betas);
  const alphas = cumulativeProduct(rescaleToZeroTerminalSnr(betas));
  if (keepFinite) alphas[alphas.length - 1] = 2 ** -24;
  return alphas;
}
