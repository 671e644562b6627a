import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TorchGenerator } from '../../../plugins/local-diffusion/src/sampling/noise/torch-generator.js';
import { planSampling } from '../../../plugins/local-diffusion/src/sampling/plan.js';
import { decodeFloats, decodeNumber, type EncodedArray, largestError } from '../arrays.js';
import type { CaseOutcome, ReferenceKind } from '../case.js';

interface SchedulerCase {
  readonly name: string;
  readonly cls: string;
  readonly config_json_in: Record<string, unknown>;
  readonly num_inference_steps: number;
  readonly set_timesteps_args: {
    readonly timesteps?: number[];
    /** Or an expression of numpy's: `np.linspace(1.0,1/4,4)`. */
    readonly sigmas?: number[] | string;
    readonly original_inference_steps?: number;
    readonly strength?: number;
    readonly mu?: number;
  };
  readonly seed: number;
  readonly timesteps: (number | string)[];
  readonly used_timesteps?: (number | string)[];
  readonly init_noise_sigma: number | string;
  readonly step_kwargs: Record<string, number | boolean | undefined>;
  readonly strength?: number;
  readonly add_noise_result?: EncodedArray | number[];
  readonly stored_cols: number;
  readonly traj: EncodedArray;
  readonly final: EncodedArray | number[];
  readonly next_rand_after: number | number[];
}

const size = 64;
const tolerance = 1e-4;

/**
 * The stand-in for a network of the reference set; its answer depends on the timestep and on the input
 * scaling.
 */
function fakeNetwork(scaled: Float32Array, timestep: number): Float32Array {
  return scaled.map((x) => 0.35 * Math.sin(1.7 * x + 0.013 * timestep) + 0.1 * x);
}

const numbers = (values: EncodedArray | number[]): ArrayLike<number> =>
  Array.isArray(values) ? values : decodeFloats(values);

function planOf(entry: SchedulerCase) {
  const args = entry.set_timesteps_args;
  const knobs = entry.step_kwargs;
  return planSampling({
    schedulerConfig: entry.config_json_in,
    sampler: entry.cls,
    steps: entry.num_inference_steps,
    strength: entry.strength,
    timesteps: args.timesteps,
    sigmas: typeof args.sigmas === 'string' ? evenTimes(entry.num_inference_steps) : args.sigmas,
    imageTokens: args.mu === undefined ? undefined : tokensOf(args.mu),
    originalSteps: args.original_inference_steps,
    originalShare: args.strength,
    knobs: {
      eta: knobs.eta as number | undefined,
      useClippedOutput: knobs.use_clipped_model_output as boolean | undefined,
      churn: knobs.s_churn as number | undefined,
      churnFrom: knobs.s_tmin as number | undefined,
      churnTo: knobs.s_tmax as number | undefined,
      churnNoise: knobs.s_noise as number | undefined,
      order: knobs.order as number | undefined,
    },
  });
}

/** `np.linspace(1, 1 / steps, steps)`, what FLUX's pipeline asks for. */
const evenTimes = (steps: number) => Array.from({ length: steps }, (_, i) => 1 - i / steps);

/** The patches of an image whose shift is `mu`, with the scheduler's defaults. */
const tokensOf = (mu: number) => 256 + ((mu - 0.5) / (1.15 - 0.5)) * (4096 - 256);

function startingImage(): Float32Array {
  return Float32Array.from(
    { length: size },
    (_, i) => 0.8 * Math.sin(0.37 * i + 0.2) + 0.1 * Math.cos(1.9 * i),
  );
}

async function runCase(entry: SchedulerCase): Promise<CaseOutcome> {
  const { stochastic_sampling, invert_sigmas } = entry.config_json_in;
  if (stochastic_sampling || invert_sigmas || entry.name === 'fm-explicit-ts') {
    return { status: 'not-built', detail: 'stochastic and inverted flows, and timesteps for flows' };
  }
  const plan = planOf(entry);
  const generator = new TorchGenerator(entry.seed);
  const noise = generator.randn(size);
  const trajectory: number[] = [];
  let latents: Float32Array = noise.map((x) => x * plan.initialNoiseSigma);
  const errors: Record<string, number> = {
    timesteps: largestError(plan.timesteps, (entry.used_timesteps ?? entry.timesteps).map(decodeNumber)),
    sigma: largestError([plan.initialNoiseSigma], [decodeNumber(entry.init_noise_sigma)]),
  };
  if (entry.add_noise_result) {
    latents = plan.addNoise(startingImage(), noise);
    errors.addNoise = largestError(latents, numbers(entry.add_noise_result));
  }
  const final = await plan.run({
    latents,
    denoise: async (scaled, timestep) => fakeNetwork(scaled, timestep),
    noise: (count) => generator.randn(count),
    onStep: (step) => void trajectory.push(...step.latents.subarray(0, entry.stored_cols)),
  });
  errors.trajectory = largestError(trajectory, decodeFloats(entry.traj));
  errors.final = largestError(final, numbers(entry.final));
  errors.nextRandom = largestError(generator.rand(1), [entry.next_rand_after].flat());
  const failed = Object.entries(errors).filter(([, error]) => !(error <= tolerance));
  const worst = Math.max(...Object.values(errors));
  if (failed.length === 0) return { status: 'passed', detail: `max error ${worst.toPrecision(2)}` };
  return {
    status: 'failed',
    detail: failed.map(([what, error]) => `${what} ${error.toPrecision(2)}`).join(', '),
  };
}

/** Trajectories of diffusers' schedulers over a stand-in for the network. */
export const schedulers: ReferenceKind = {
  folder: 'b_schedulers',
  async cases(folder) {
    const file = JSON.parse(await readFile(join(folder, 'schedulers.json'), 'utf8')) as {
      cases: SchedulerCase[];
    };
    return file.cases.map((entry) => ({ id: entry.name, run: () => runCase(entry) }));
  },
};
