/** Of the measured lines: mu at 10 and at 200 steps, by the tokens of the image. */
const fewSteps = { slope: 8.73809524e-5, start: 1.89833333 };
const manySteps = { slope: 0.00016927, start: 0.45666666 };
/** From so many tokens on the number of steps does not count. */
const largeImage = 4300;

/**
 * How far the times of FLUX.2's schedule are shifted towards noise, as the exponent of the factor: measured,
 * not derived. diffusers: `compute_empirical_mu`.
 */
export function empiricalShift(tokens: number, steps: number): number {
  const at = ({ slope, start }: typeof fewSteps) => slope * tokens + start;
  const many = at(manySteps);
  if (tokens > largeImage) return many;
  return many + ((at(fewSteps) - many) * (200 - steps)) / 190;
}
