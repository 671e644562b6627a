import { expect, test } from 'vitest';
import { createModel, request } from '../../../../test/reference/formula-model.js';
import { chooseSampler } from '../sampling/choose.js';
import { alphasCumprod } from '../sampling/schedules/training-betas.js';
import { generateLatents } from './generate-pictures.js';

const clean = Float32Array.from({ length: 128 }, (_, index) => Math.sin(index));

/** A model that always finds the same picture under the noise. */
function modelThatKnows(predictionType: string) {
  const { model } = createModel();
  const schedulerConfig = { ...(model.schedulerConfig as object), prediction_type: predictionType };
  const levels = alphasCumprod(chooseSampler(schedulerConfig, undefined).config, true);
  return {
    ...model,
    schedulerConfig,
    async predict({ data }: { data: Float32Array | BigInt64Array }, timestep: number) {
      const below = Math.floor(timestep);
      const next = levels[Math.min(below + 1, 999)]!;
      const level = levels[below]! + (next - levels[below]!) * (timestep - below);
      const [alpha, sigma] = [Math.sqrt(level), Math.sqrt(1 - level)];
      return clean.map((value, index) => {
        const noise = ((data as Float32Array)[index]! - alpha * value) / sigma;
        return predictionType === 'epsilon' ? noise : alpha * noise - sigma * value;
      });
    },
  };
}

test.each([
  ['epsilon', 'euler'],
  ['epsilon', 'ddim'],
  ['epsilon', 'dpmpp_2m_karras'],
  ['epsilon', 'heun'],
  ['v_prediction', 'unipc'],
  ['v_prediction', 'euler_a'],
])('a model of %s shows what it sees with %s at each step', async (predictionType, sampler) => {
  const seen: Float32Array[] = [];
  await generateLatents(
    modelThatKnows(predictionType),
    request({ sampler, onStep: (step) => void seen.push(step.denoised.slice()) }),
  );
  expect(seen.length).toBeGreaterThanOrEqual(6);
  for (const denoised of seen) {
    for (const [index, value] of denoised.entries()) expect(value).toBeCloseTo(clean[index]!, 2);
  }
});
