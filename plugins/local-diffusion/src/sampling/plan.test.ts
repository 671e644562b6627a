import { EaselError } from '@easel/plugin-sdk';
import { expect, test } from 'vitest';
import { schedulerConfigOf } from '../families/components/trained-schedule.js';
import { TorchGenerator } from './noise/torch-generator.js';
import { planSampling, type SamplingRequest } from './plan.js';
import { readSchedulerConfig } from './scheduler-config/scheduler-config.js';

const stableDiffusion = {
  _class_name: 'PNDMScheduler',
  beta_end: 0.012,
  beta_schedule: 'scaled_linear',
  beta_start: 0.00085,
  num_train_timesteps: 1000,
  set_alpha_to_one: false,
  skip_prk_steps: true,
  steps_offset: 1,
  clip_sample: false,
};

const plan = (request: Partial<SamplingRequest>) =>
  planSampling({ schedulerConfig: stableDiffusion, steps: 8, ...request });

function failure(action: () => unknown): EaselError {
  try {
    action();
  } catch (error) {
    if (EaselError.isInstance(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

test("runs the model's own sampler when none is asked for", () => {
  const own = plan({});
  expect(own.sampler).toBe('pndm');
  expect(own.timesteps).toEqual([876, 751, 751, 626, 501, 376, 251, 126, 1]);
  expect(own.denoiserCalls).toBe(9);
});

test("gives another sampler its own class's default for what the file does not say", () => {
  expect(plan({ sampler: 'euler', steps: 3 }).timesteps).toEqual([999, 499.5, 0]);
  expect(plan({ sampler: 'ddim', steps: 4 }).timesteps).toEqual([751, 501, 251, 1]);
});

test('runs PLMS for a single file as for the folder of the same model', () => {
  const schedulerConfig = schedulerConfigOf(
    'EulerDiscreteScheduler',
    { type: 'epsilon', zeroSnr: false },
    {},
  );
  expect(plan({ schedulerConfig, sampler: 'PLMS' }).timesteps).toEqual(plan({}).timesteps);
});

test('runs as much of the schedule as the strength asks for', () => {
  expect(plan({ sampler: 'ddim', steps: 4, strength: 0.5 }).timesteps).toEqual([251, 1]);
  expect(plan({ sampler: 'heun', steps: 4, strength: 0.5 }).denoiserCalls).toBe(3);
});

test('makes one step where the strength asks for less, and says so', () => {
  const short = plan({ sampler: 'ddim', steps: 3, strength: 0.1 });
  expect(short.timesteps).toEqual([1]);
  expect(short.warnings.join()).toMatch(/Strength 0.1 of 3 steps is less than a step.*10 steps/);
});

test('mixes in as much noise as the first timestep has', () => {
  const mixed = plan({ sampler: 'ddim', steps: 4, strength: 0.5 }).addNoise(
    Float32Array.of(1, 0),
    Float32Array.of(0, 1),
  );
  expect(mixed[0]! ** 2 + mixed[1]! ** 2).toBeCloseTo(1, 6);
});

test('removes the noise that a perfect network points at', async () => {
  const image = Float32Array.from({ length: 16 }, (_, i) => Math.sin(i));
  const noise = new TorchGenerator(5).randn(16);
  for (const sampler of ['ddim', 'euler', 'dpmpp_2m', 'heun', 'unipc', 'deis', 'dpm_2', 'dpmpp_2s']) {
    const sampling = plan({ sampler, steps: 12, strength: 0.9 });
    const denoised = await sampling.run({
      latents: sampling.addNoise(image, noise),
      denoise: async () => noise,
      noise: () => noise,
    });
    const error = Math.max(...denoised.map((value, i) => Math.abs(value - image[i]!)));
    expect(error, sampler).toBeLessThan(0.2);
  }
});

test('treats each image of a batch as if it were alone', async () => {
  const schedulerConfig = { ...stableDiffusion, thresholding: true, sample_max_value: 1.5 };
  const sampling = planSampling({ schedulerConfig, sampler: 'ddim', steps: 4 });
  const denoise = async (latents: Float32Array) => latents.map((x) => Math.sin(2 * x));
  const run = (latents: Float32Array, imageCount: number) =>
    sampling.run({ latents, imageCount, denoise, noise: (count) => new Float32Array(count) });
  const [first, second] = [
    new TorchGenerator(1).randn(32),
    new TorchGenerator(2).randn(32).map((x) => 3 * x),
  ];
  const batch = await run(Float32Array.from([...first, ...second]), 2);
  expect([...batch]).toEqual([...(await run(first, 1)), ...(await run(second, 1))]);
});

test('stops between network calls when the signal is aborted', async () => {
  const controller = new AbortController();
  const sampling = plan({ sampler: 'euler' });
  const seen: number[] = [];
  const running = sampling.run({
    latents: new Float32Array(4),
    denoise: async (latents) => latents,
    noise: (count) => new Float32Array(count),
    onStep({ index, of }) {
      seen.push(index);
      expect(of).toBe(sampling.denoiserCalls);
      if (index === 1) controller.abort();
    },
    signal: controller.signal,
  });
  await expect(running).rejects.toMatchObject({ code: 'ERR_ABORTED' });
  expect(seen).toEqual([0, 1]);
});

test('warns of a key that it does not understand and refuses a value that it cannot honour', () => {
  const odd = { ...stableDiffusion, use_warp_drive: true };
  expect(plan({ schedulerConfig: odd }).warnings).toEqual([expect.stringContaining('use_warp_drive')]);
  const wrong = failure(() => plan({ schedulerConfig: { ...stableDiffusion, beta_schedule: 'cubic' } }));
  expect(wrong.code).toBe('ERR_MODEL_FILES_INVALID');
  expect(wrong.message).toContain('beta_schedule is "cubic"');
});

test('blames the caller for a sampler that cannot run the model, and the file for its own', () => {
  const sample = { ...stableDiffusion, prediction_type: 'sample' };
  expect(failure(() => plan({ schedulerConfig: sample, sampler: 'euler_a' })).code).toBe(
    'ERR_REQUEST_INVALID',
  );
  expect(failure(() => plan({ schedulerConfig: sample })).code).toBe('ERR_MODEL_FILES_INVALID');
  const flow = { _class_name: 'FlowMatchEulerDiscreteScheduler' };
  expect(failure(() => plan({ schedulerConfig: flow, sampler: 'ddim' })).code).toBe('ERR_REQUEST_INVALID');
  const unknown = { _class_name: 'FlowMatchUnknownScheduler' };
  expect(failure(() => plan({ schedulerConfig: unknown, sampler: 'euler' })).code).toBe(
    'ERR_MODEL_FILES_INVALID',
  );
});

test('refuses step counts that are not counts', () => {
  for (const steps of [0, -1, 2.5, Number.NaN, 1001]) {
    expect(failure(() => plan({ steps })).code).toBe('ERR_REQUEST_INVALID');
  }
});

test('reads the bare infinities that Python writes into JSON', () => {
  const text =
    '{"_class_name": "DPMSolverMultistepScheduler", "lambda_min_clipped": -Infinity, "note": "-Infinity"}';
  expect(readSchedulerConfig(text, 'scheduler_config.json')).toMatchObject({
    lambda_min_clipped: '-Infinity',
  });
  expect(plan({ schedulerConfig: readSchedulerConfig(text, 'x') }).sampler).toBe('dpmpp_2m');
  expect(failure(() => readSchedulerConfig('[', 'scheduler_config.json')).message).toContain(
    'scheduler_config.json',
  );
});

test('runs a flow down to its image, shifted towards noise the more the larger the image is', async () => {
  const schedulerConfig = { _class_name: 'FlowMatchEulerDiscreteScheduler', use_dynamic_shifting: true };
  const small = plan({ schedulerConfig, imageTokens: 256, steps: 4 });
  const large = plan({ schedulerConfig, sampler: 'euler', imageTokens: 4096, steps: 4 });
  expect([small.sampler, large.sampler]).toEqual(['euler', 'euler']);
  expect(large.timesteps[1]).toBeGreaterThan(small.timesteps[1]!);
  const image = Float32Array.from({ length: 16 }, (_, i) => Math.sin(i));
  const noise = new TorchGenerator(5).randn(16);
  const denoised = await large.run({
    latents: noise,
    denoise: async () => noise.map((value, i) => value - image[i]!),
    noise: () => noise,
  });
  for (const [i, value] of denoised.entries()) expect(value).toBeCloseTo(image[i]!, 5);
});
