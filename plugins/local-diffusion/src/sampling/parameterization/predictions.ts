import { EaselError } from '@easel/plugin-sdk';
import { weightedSum } from '../weighted-sum.js';
import type { NoiseLevel } from './noise-level.js';
import type { Prediction } from './parameterization.js';

const { fround, sqrt } = Math;

/** The output is the noise (Ho et al. 2020, arXiv 2006.11239). */
const epsilon: Prediction = {
  denoised(latents, output, { alpha, sigma }) {
    // In k-diffusion's scale sigma can be 4096, and torch's float32 steps show in the result.
    if (alpha === 1) return latents.map((x, i) => x - fround(fround(sigma) * output[i]!));
    return latents.map((x, i) => (x - sigma * output[i]!) / alpha);
  },
  output: (latents, denoised, { alpha, sigma }) =>
    weightedSum([1 / sigma, latents], [-alpha / sigma, denoised]),
  isReadBeforeChurn: false,
};

/** alpha^2 + sigma^2 in float32; 1 unless the scale is k-diffusion's or a flow's. */
const squaredNorm = ({ alpha, sigma }: NoiseLevel) =>
  fround(fround(fround(sigma) ** 2) + fround(fround(alpha) ** 2));

/**
 * The output is v = alpha * noise - sigma * image, for alpha and sigma scaled to unit variance (Salimans and
 * Ho 2022, arXiv 2202.00512).
 */
const velocity: Prediction = {
  denoised(latents, output, level) {
    const squared = squaredNorm(level);
    const outputScale = fround(-fround(level.sigma) / fround(sqrt(squared)));
    const alpha = fround(level.alpha);
    return latents.map((x, i) => fround(output[i]! * outputScale) + fround(fround(alpha * x) / squared));
  },
  output(latents, denoised, level) {
    const squared = squaredNorm(level);
    const root = sqrt(squared);
    return weightedSum([level.alpha / (root * level.sigma), latents], [-root / level.sigma, denoised]);
  },
  isReadBeforeChurn: true,
};

/** The output is the image. */
const sample: Prediction = {
  denoised: (_latents, output) => output.slice(),
  output: (_latents, denoised) => denoised.slice(),
  isReadBeforeChurn: false,
};

/** The output is the velocity of rectified flow, noise - image (Liu et al. 2022, arXiv 2209.03003). */
const flow: Prediction = {
  denoised: (latents, output, { sigma }) => latents.map((x, i) => x - fround(fround(sigma) * output[i]!)),
  output: (latents, denoised, { sigma }) => weightedSum([1 / sigma, latents], [-1 / sigma, denoised]),
  isReadBeforeChurn: false,
};

/** What outputs mean, by `prediction_type` of scheduler_config.json. */
export const predictions = {
  epsilon,
  v_prediction: velocity,
  sample,
  flow_prediction: flow,
} as const satisfies Record<string, Prediction>;

export type PredictionType = keyof typeof predictions;

/** @throws EaselError ERR_MODEL_FILES_INVALID for a prediction type that is not in the list. */
export function predictionOf(type: string): Prediction {
  if (!Object.hasOwn(predictions, type)) throw unknownPrediction(type, Object.keys(predictions));
  return predictions[type as PredictionType];
}

/** The error for a prediction type that nothing here can read. */
export function unknownPrediction(type: string, known: readonly string[]): EaselError {
  return new EaselError({
    code: 'ERR_MODEL_FILES_INVALID',
    message: `scheduler_config.json: prediction_type is "${type}"; known here are ${known.join(' and ')}.`,
  });
}
