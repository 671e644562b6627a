import { solveLinear } from '../solve-linear.js';

/**
 * The weights of denoised images in a step of a stochastic Adams method: the polynomial through them, and its
 * integral over the step under the weight of the exact solution (Xue et al. 2023, arXiv 2309.05019, equation
 * 14).
 *
 * @param places of the images, as log(alpha / sigma) minus that of the step's end
 * @param h what the step goes in log(alpha / sigma), above 0
 * @param tau how stochastic it is: 0 not at all, 1 as the reverse diffusion
 */
export function adamsWeights(places: readonly number[], h: number, tau: number): readonly number[] {
  const rate = 1 + tau ** 2;
  const matrix = places.map((_, power) => places.map((place) => place ** power));
  return solveLinear(matrix, moments(places.length, h, rate));
}

/** The integrals of rate exp(rate x) x^p over x from -h to 0, for p from 0 on: by parts. */
function moments(count: number, h: number, rate: number): number[] {
  const start = Math.exp(-rate * h);
  const integrals = [-Math.expm1(-rate * h)];
  for (let power = 1; power < count; power++)
    integrals.push(-start * (-h) ** power - (power / rate) * integrals[power - 1]!);
  return integrals;
}
