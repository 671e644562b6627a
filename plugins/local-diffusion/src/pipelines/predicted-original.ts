import { chooseSampler } from '../sampling/choose.js';
import { readPrediction } from '../sampling/parameterization/prediction.js';
import { schedulerClasses } from '../sampling/scheduler-config/classes.js';
import { alphasCumprod } from '../sampling/schedules/training-betas.js';

/** A run of the denoising network, guidance included. */
export interface NetworkCall {
  readonly scaledLatents: Float32Array;
  readonly timestep: number;
  readonly output: Float32Array;
}

/**
 * What the network takes the picture for in a call: the latents that would be left if all the noise went at once, for people to look
 * at. Whatever the sampler, the network sees latents of variance 1, whose noise its timestep tells.
 *
 * @returns undefined for models that are told their noise otherwise (EDM, flows)
 */
export function createOriginalReader(
  schedulerConfig: unknown,
  sampler: string | undefined,
): ((call: NetworkCall) => Float32Array) | undefined {
  const { className, config } = chooseSampler(schedulerConfig, sampler);
  if (schedulerClasses[className].noiseScale === 'edm' || config.prediction_type === 'flow_prediction') {
    return undefined;
  }
  const levels = alphasCumprod(config, true);
  return ({ scaledLatents, timestep, output }) => {
    const below = Math.min(Math.max(Math.floor(timestep), 0), levels.length - 1);
    const above = Math.min(below + 1, levels.length - 1);
    const level = levels[below]! + (levels[above]! - levels[below]!) * Math.max(0, timestep - below);
    const scale = { alpha: Math.sqrt(level), sigma: Math.sqrt(1 - level), imageCount: 1 };
    return readPrediction(config, scaledLatents, output, scale).original;
  };
}
