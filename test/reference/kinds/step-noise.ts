import { TorchGenerator } from '../../../plugins/local-diffusion/src/sampling/noise/torch-generator.js';
import { decodeFloats } from '../arrays.js';
import { isFlow } from './sampler-models.js';
import type { SamplerCase } from './sampler-run.js';

/** The latents that a case starts from, and the noise of its steps. */
export interface StartingNoise {
  readonly latents: Float32Array;
  noise(count: number): Float32Array;
}

/**
 * Where a case starts, and the noise that its steps draw.
 * @param isWhole whether it starts from the largest sigma of the model
 */
export function stepNoise(program: 'comfyui' | 'a1111', entry: SamplerCase, isWhole: boolean): StartingNoise {
  const count = entry.shape.reduce((product, size) => product * size, 1);
  const seeds = entry.seeds ?? [entry.seed!];
  const share = count / seeds.length;
  const generators = seeds.map((seed) => new TorchGenerator(seed));
  const draw = (size: number) => Float32Array.from(generators.flatMap((each) => [...each.randn(size)]));
  const initial = draw(share);
  const first = entry.sigmas![0]!;
  const deviation =
    program === 'comfyui' && isWhole && !isFlow(entry.model) ? Math.sqrt(1 + first ** 2) : first;
  const imageShare = isFlow(entry.model) ? 1 - first : 1;
  const image = (i: number) =>
    entry.latent_image ? 0.8 * Math.sin(0.37 * i + 0.2) + 0.1 * Math.cos(1.9 * i) : 0;
  const latents = initial.map((value, i) => deviation * value + imageShare * image(i));
  if (entry.noise) return { latents, noise: fromList(entry) };
  const later = entry.step_noise === 'cpu(seed+1)' ? 1 : entry.step_noise === 'cpu(seed)' ? 0 : undefined;
  if (later === undefined) return { latents, noise: (size) => draw(size / seeds.length) };
  const fresh = new TorchGenerator(entry.seed! + later);
  return { latents, noise: (size) => fresh.randn(size) };
}

/**
 * The draws of a Brownian motion, one after the other. Where two of a step begin at the same sigma, the
 * second is turned into that of the rest of the step, which the first one leaves.
 */
function fromList(entry: SamplerCase): StartingNoise['noise'] {
  const draws = entry.noise!;
  const values = draws.map(({ v }) => decodeFloats(v));
  let index = -1;
  return (count) => {
    index += 1;
    const [now, before] = [draws[index], draws[index - 1]];
    if (!now) return new Float32Array(count);
    if (before?.sigma !== now.sigma) return values[index]!;
    const [whole, begun] = [now.sigma - now.sigma_next, now.sigma - before.sigma_next];
    return values[index]!.map(
      (value, i) =>
        (value * Math.sqrt(whole) - values[index - 1]![i]! * Math.sqrt(begun)) / Math.sqrt(whole - begun),
    );
  };
}
