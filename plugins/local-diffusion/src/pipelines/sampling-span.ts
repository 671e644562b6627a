import { EaselError } from '@easel/plugin-sdk';
import { planSampling, type SamplingPlan, type SamplingRunOptions } from '../sampling/plan.js';
import { roundHalfToEven } from '../sampling/rounding.js';
import type { SamplerRow } from '../sampling/samplers/sampler-row.js';

export interface SpanRequest {
  readonly schedulerConfig: unknown;
  /** Absent: the model's own. */
  readonly sampler?: string | undefined;
  /** The samplers that there are. Absent: the built-in ones. */
  readonly samplers?: readonly SamplerRow[] | undefined;
  readonly steps: number;
  /** DDIM's share of fresh noise, 0 to 1. Absent: the sampler's own. */
  readonly eta?: number | undefined;
  /** Over 0 to 1: how much of the schedule is run on top of a picture. Absent: all of it. */
  readonly strength?: number | undefined;
  /**
   * Between 0 and 1: the share of the noise schedule that another model has been through. Then strength has
   * no effect. Absent: none.
   */
  readonly denoisingStart?: number | undefined;
  /**
   * Between 0 and 1: the share of the noise schedule after which to stop, for another model to go on. Absent:
   * the end.
   */
  readonly denoisingEnd?: number | undefined;
  /** Times of a flow to sample at, before they are shifted. Absent: as the scheduler spaces them. */
  readonly flowTimes?: ((steps: number) => readonly number[]) | undefined;
  /** The best sigmas for models of this kind. Absent: none were found. */
  readonly alignedSigmas?: readonly number[] | undefined;
  /** Patches of the image that the network reads. */
  readonly imageTokens?: number | undefined;
  /**
   * How far the times of a flow are shifted towards noise, as the exponent of the factor. Absent: as the
   * configuration says.
   */
  readonly flowShift?: number | undefined;
}

/** The stretch of a sampler's schedule that a pipeline runs. */
export interface SamplingSpan {
  /** The sampler's usual name. */
  readonly sampler: string;
  readonly warnings: readonly string[];
  /** What unit noise is multiplied by to start the whole schedule from. */
  readonly initialNoiseSigma: number;
  /** Network calls. */
  readonly calls: number;
  /** Of each network call the step that makes it, counted from the span's first. */
  readonly stepsOfCalls: readonly number[];
  /**
   * Latents without noise, with as much unit noise mixed in as there is when a call of the span begins,
   * counted from 0.
   */
  addNoise(latents: Float32Array, noise: Float32Array, call: number): Float32Array;
  run(options: SamplingRunOptions): Promise<Float32Array>;
}

/**
 * Plans a stretch of a schedule: diffusers' `get_timesteps` of the image-to-image pipelines, and its
 * `denoising_end`.
 *
 * @throws ERR_REQUEST_INVALID for values out of range and for a stretch without a step; what planSampling
 * throws
 */
export function planSpan(request: SpanRequest): SamplingSpan {
  const { denoisingStart, denoisingEnd } = request;
  for (const [name, value] of Object.entries({ denoisingStart, denoisingEnd })) {
    if (value !== undefined && !(value > 0 && value < 1)) refuse(`${name} is ${value}, not between 0 and 1.`);
  }
  const plan = planToEnd(request);
  const calls = denoisingEnd === undefined ? plan.denoiserCalls : callsBefore(denoisingEnd, plan);
  if (calls === 0) refuse('denoisingStart and denoisingEnd leave no step between them.');
  return {
    sampler: plan.sampler,
    warnings: plan.warnings,
    initialNoiseSigma: plan.initialNoiseSigma,
    calls,
    stepsOfCalls: plan.stepsOfCalls,
    addNoise: plan.addNoise,
    run: (options) => runCalls(plan, calls, options),
  };
}

/** How many steps of a stretch come before a share of the noise schedule, and how many after it. */
export function partSteps(request: SpanRequest, share: number): { before: number; after: number } {
  const plan = planToEnd(request);
  const stepsOf = (calls: number) => new Set(plan.stepsOfCalls.slice(0, calls)).size;
  const before = stepsOf(callsBefore(share, plan));
  return { before, after: stepsOf(plan.denoiserCalls) - before };
}

function planToEnd(request: SpanRequest): SamplingPlan {
  const { schedulerConfig, sampler, samplers, steps, eta, denoisingStart } = request;
  const sigmas = request.flowTimes?.(steps);
  const { imageTokens, flowShift, alignedSigmas } = request;
  const whole = {
    ...{ schedulerConfig, sampler, samplers, steps, sigmas, alignedSigmas, imageTokens, flowShift },
    knobs: { eta },
  };
  const wholePlan = planSampling(whole);
  const strength =
    denoisingStart === undefined ? request.strength : strengthFrom(denoisingStart, steps, wholePlan);
  if (strength === 0) refuse('strength 0 keeps the picture as it is: there is nothing to do.');
  return planSampling({ ...whole, strength });
}

/** The training timestep at which a share of the schedule is done. */
function cutoff(share: number, { trainedTimesteps }: SamplingPlan): number {
  return roundHalfToEven(trainedTimesteps - share * trainedTimesteps);
}

const callsBefore = (share: number, plan: SamplingPlan): number =>
  plan.timesteps.filter((timestep) => timestep >= cutoff(share, plan)).length;

/**
 * The strength that begins with the step of the first call below the cut-off, or with the last step where
 * there is none.
 */
function strengthFrom(denoisingStart: number, steps: number, plan: SamplingPlan): number {
  const { timesteps, stepsOfCalls } = plan;
  const below = timesteps.filter((timestep) => timestep < cutoff(denoisingStart, plan)).length;
  const run = Math.max(1, steps - (stepsOfCalls[timesteps.length - below] ?? steps));
  // The half keeps the product with `steps` clear of the next lower whole number.
  return Math.min(1, (run + 0.5) / steps);
}

/** Runs a plan's first calls; samplers know only how to run to the end. */
async function runCalls(
  plan: SamplingPlan,
  calls: number,
  options: SamplingRunOptions,
): Promise<Float32Array> {
  if (calls === plan.denoiserCalls) return await plan.run(options);
  let latents = options.latents;
  const reached = new Error('the last call of the span has been made');
  try {
    return await plan.run({
      ...options,
      async onStep(step) {
        await options.onStep?.({ ...step, of: calls });
        latents = step.latents;
        if (step.index + 1 === calls) throw reached;
      },
    });
  } catch (error) {
    if (error === reached) return latents;
    throw error;
  }
}

function refuse(message: string): never {
  throw new EaselError({ code: 'ERR_REQUEST_INVALID', message });
}
