import { weightedSum } from '../weighted-sum.js';
import type { Parameterization } from './parameterization.js';
import { predictionOf, unknownPrediction } from './predictions.js';

/** The keys of scheduler_config.json that tell how a model was trained. */
export interface TrainingKeys {
  readonly prediction_type: string;
  /** EDM: the deviation of the training data. */
  readonly sigma_data: number;
}

/**
 * DDPM's scale: alpha^2 + sigma^2 = 1, so that the network takes latents as they are. A schedule's sigma is
 * sigma / alpha.
 */
export function variancePreserving({ prediction_type }: TrainingKeys): Parameterization {
  return {
    mix(ratio) {
      const alpha = 1 / Math.sqrt(ratio ** 2 + 1);
      return { alpha, sigma: ratio * alpha };
    },
    scaleInput: (latents) => latents,
    ...predictionOf(prediction_type),
  };
}

/**
 * k-diffusion's scale: the whole image plus noise of deviation sigma; the network takes it scaled to unit
 * variance.
 */
export function varianceExploding({ prediction_type }: TrainingKeys): Parameterization {
  return {
    mix: (sigma) => ({ alpha: 1, sigma }),
    scaleInput: (latents, { sigma }) => weightedSum([1 / Math.sqrt(sigma ** 2 + 1), latents]),
    ...predictionOf(prediction_type),
  };
}

/**
 * Rectified flow (Liu et al. 2022, arXiv 2209.03003): a straight line from image to noise, along which sigma
 * goes from 0 to 1.
 */
export function rectifiedFlow({ prediction_type }: TrainingKeys): Parameterization {
  return {
    mix: (sigma) => ({ alpha: 1 - sigma, sigma }),
    scaleInput: (latents) => latents,
    ...predictionOf(prediction_type),
  };
}

/** diffusers' EDM classes know two kinds of networks, whose outputs differ in sign. */
const edmOutputSigns: ReadonlyMap<string, number> = new Map([
  ['epsilon', 1],
  ['v_prediction', -1],
]);

/**
 * EDM's preconditioning of a network (Karras et al. 2022, arXiv 2206.00364, table 1), in k-diffusion's scale.
 */
export function edm({ prediction_type, sigma_data: data }: TrainingKeys): Parameterization {
  const sign = edmOutputSigns.get(prediction_type);
  if (sign === undefined) throw unknownPrediction(prediction_type, [...edmOutputSigns.keys()]);
  const scales = (sigma: number) => {
    const total = sigma ** 2 + data ** 2;
    return { skip: data ** 2 / total, out: (sign * sigma * data) / Math.sqrt(total) };
  };
  return {
    mix: (sigma) => ({ alpha: 1, sigma }),
    scaleInput: (latents, { sigma }) => weightedSum([1 / Math.sqrt(sigma ** 2 + data ** 2), latents]),
    denoised(latents, output, { sigma }) {
      const { skip, out } = scales(sigma);
      return weightedSum([skip, latents], [out, output]);
    },
    output(latents, denoised, { sigma }) {
      const { skip, out } = scales(sigma);
      return weightedSum([-skip / out, latents], [1 / out, denoised]);
    },
    isReadBeforeChurn: false,
  };
}
