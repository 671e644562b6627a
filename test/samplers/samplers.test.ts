import type { ImageServiceManager } from '@easel/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { samplerNames } from '../../plugins/local-diffusion/src/sampling/names.js';
import { differenceOf, openKernel, paintAll } from './contact-sheet.js';

/** Grey levels. Other shapes and colours differ by more, see below; another seed by 3. */
const largestDifference = 8;

/**
 * Beta sigmas are spread between the largest and the smallest sigma themselves (diffusers'
 * `_convert_to_beta`). This model's largest is 157, which leaves two or three of 30 steps for the sigmas
 * below 5, where a picture takes shape: too few for samplers of a higher order.
 */
const fewSmallSigmas = ['dpmpp_2m_beta'];

/** It scales the network's input and output as EDM was trained with, and this model was not. */
const otherTraining = ['edm_euler'];

/** With the steps of this model's own spacing, whose last one is long, they leave noise. */
const wantOtherSpacing = ['dpmpp_3m_sde', 'res_multistep_ancestral'];

/** Half of the steps take a fortieth off the noise: that is for flows. */
const forFlows = ['euler_linear_quadratic', 'dpmpp_2m_linear_quadratic'];

/** Schedules that are tried with two samplers only: others space their steps alike. */
const triedWithFew =
  /_(beta|beta_timesteps|(poly)?exponential|ddim_uniform|linear_quadratic|sgm_uniform|simple|normal|kl_optimal|align_your_steps)$/;
const isTried = (name: string) =>
  !triedWithFew.test(name) || /^(euler|dpmpp_2m)_$/.test(name.replace(triedWithFew, '_'));

const exceptions = new Set([...fewSmallSigmas, ...otherTraining, ...wantOtherSpacing, ...forFlows]);

let manager: ImageServiceManager;
let reference: Uint8Array;

/** How far a picture is from that of DDIM in 100 steps. */
async function differenceFrom(sampler: string, request: object = {}): Promise<number> {
  const [painted] = await paintAll(manager, [sampler], request);
  return await differenceOf(painted!.bytes, reference);
}

beforeAll(async () => {
  manager = openKernel();
  reference = (await paintAll(manager, ['ddim'], { steps: 100 }))[0]!.bytes;
});
afterAll(() => manager.close());

describe('a red circle on a blue background', () => {
  it.each(samplerNames().filter((name) => isTried(name) && !exceptions.has(name)))(
    'is what %s makes',
    async (sampler) => {
      expect(await differenceFrom(sampler)).toBeLessThan(largestDifference);
    },
  );

  it.each([...exceptions])('is not what %s makes of this model', async (sampler) => {
    expect(await differenceFrom(sampler)).toBeGreaterThan(largestDifference);
  });

  it.each([
    ['a red square', { prompt: 'a red square on a blue background' }],
    ['other colours', { prompt: 'a blue circle on a red background' }],
    ['another thing', { prompt: 'a yellow star at night' }],
    ['what one step leaves', { steps: 1 }],
  ])('is told from %s', async (_, request) => {
    expect(await differenceFrom('ddim', request)).toBeGreaterThan(largestDifference);
  });
});
