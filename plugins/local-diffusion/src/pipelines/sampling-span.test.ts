import { describe, expect, test } from 'vitest';
import { TorchGenerator } from '../sampling/noise/torch-generator.js';
import { partSteps, planSpan, type SpanRequest } from './sampling-span.js';

const schedulerConfig = {
  _class_name: 'EulerDiscreteScheduler',
  beta_start: 0.00085,
  beta_end: 0.012,
  beta_schedule: 'scaled_linear',
  num_train_timesteps: 1000,
  timestep_spacing: 'leading',
  steps_offset: 1,
};
const plan = (request: Partial<SpanRequest>) => planSpan({ schedulerConfig, steps: 10, ...request });
const clean = Float32Array.from({ length: 64 }, (_, index) => Math.sin(index));
const noise = new TorchGenerator(5).randn(64);
const network = async (latents: Float32Array, timestep: number): Promise<Float32Array> =>
  latents.map((value) => Math.sin(2 * value + timestep / 300));
const run = (span: ReturnType<typeof plan>, latents: Float32Array, denoise = network) => {
  const seen: { timestep: number; index: number; of: number; latents: Float32Array }[] = [];
  let called = 0;
  return span
    .run({
      latents,
      denoise: (scaled, timestep) => {
        called = timestep;
        return denoise(scaled, timestep);
      },
      noise: () => noise,
      onStep: (step) => void seen.push({ ...step, timestep: called, latents: step.latents.slice() }),
    })
    .then((result) => ({ result, seen }));
};

describe('noise levels', () => {
  // With a network that knows the noise, a deterministic sampler stays on the line between picture and noise.
  test.each(['euler', 'ddim', 'lms', 'heun', 'dpmpp_2m', 'dpmpp_2s', 'deis', 'unipc', 'euler_karras'])(
    '%s is as noisy before each call as addNoise makes it',
    async (sampler) => {
      // LMS alone leaves that line when it starts from a picture: see its file.
      const span = plan(sampler === 'lms' ? { sampler } : { sampler, strength: 0.7 });
      const { seen } = await run(span, span.addNoise(clean, noise, 0), async () => noise);
      expect(seen).toHaveLength(span.calls);
      for (const { index, latents } of seen.slice(0, -1)) {
        const expected = span.addNoise(clean, noise, index + 1);
        const largest = Math.max(...latents.map((value, i) => Math.abs(value - expected[i]!)));
        expect(largest, `call ${index}`).toBeLessThan(1e-3);
      }
    },
  );
});

describe('a hand-over', () => {
  test.each(['euler', 'ddim'])('%s goes on where it stopped', async (sampler) => {
    const [whole, first, second] = [
      plan({ sampler }),
      plan({ sampler, denoisingEnd: 0.6 }),
      plan({ sampler, denoisingStart: 0.6, strength: 0.1 }),
    ];
    const all = await run(whole, noise);
    const start = await run(first, noise);
    expect(start.seen.every(({ of }) => of === first.calls)).toBe(true);
    expect(start.result).toEqual(all.seen[first.calls - 1]!.latents);
    const end = await run(second, all.seen.at(-second.calls - 1)!.latents);
    expect(end.result).toEqual(all.result);
    expect(first.calls + second.calls).toBe(whole.calls);
    const timesteps = [...start.seen, ...end.seen].map(({ timestep }) => timestep);
    expect(timesteps).toEqual(all.seen.map(({ timestep }) => timestep));
  });

  test('parts the schedule where diffusers does', () => {
    expect(plan({ denoisingEnd: 0.6 }).calls).toBe(6);
    expect(plan({ denoisingEnd: 0.59 }).calls).toBe(5);
    expect(plan({ denoisingStart: 0.6 }).calls).toBe(4);
    expect(plan({ denoisingStart: 0.2, denoisingEnd: 0.6 }).calls).toBe(4);
    // A step of two calls is not begun in its middle: diffusers makes its first call once more.
    expect(plan({ sampler: 'heun', denoisingEnd: 0.6 }).calls).toBe(11);
    expect(plan({ sampler: 'heun', denoisingStart: 0.6 }).calls).toBe(9);
  });

  test('makes the last step at least, and tells how many steps each side has', () => {
    expect(plan({ sampler: 'ddim', steps: 2, denoisingStart: 0.9999 }).calls).toBe(1);
    const request = { schedulerConfig, steps: 3 };
    expect(partSteps(request, 0.9999)).toEqual({ before: 3, after: 0 });
    expect(partSteps(request, 0.01)).toEqual({ before: 0, after: 3 });
    expect(partSteps({ ...request, sampler: 'heun' }, 0.5)).toEqual({ before: 1, after: 2 });
    expect(partSteps({ ...request, steps: 10, strength: 0.3 }, 0.5)).toEqual({ before: 0, after: 3 });
  });

  test('of every length begins at a call of its own', () => {
    for (const steps of [7, 29, 49, 50]) {
      const calls = Array.from(
        { length: 98 },
        (_, i) => plan({ steps, denoisingStart: (i + 1) / 100 }).calls,
      );
      expect(new Set(calls).size, `${steps} steps`).toBe(steps);
    }
  });
});

test.each<[Partial<SpanRequest>, RegExp]>([
  [{ denoisingEnd: 1 }, /denoisingEnd is 1/],
  [{ denoisingStart: -0.1 }, /denoisingStart is -0.1/],
  [{ denoisingStart: 0.6, denoisingEnd: 0.5 }, /no step between/],
  [{ strength: 0 }, /strength 0/],
])('refuses %o', (request, message) => {
  expect(() => plan(request)).toThrow(
    expect.objectContaining({ code: 'ERR_REQUEST_INVALID', message: expect.stringMatching(message) }),
  );
});
