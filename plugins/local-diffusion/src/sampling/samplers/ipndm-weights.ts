/**
 * The weights of `ipndm_v` for the newest derivatives, as ComfyUI 0.3.64 has them (diff-sampler's
 * `solvers.py`): Newton's differences over uneven steps, but that the factor of the second difference is
 * `1 - a * b` where Adams-Bashforth's is `(1 - a) * b`. Images of the same seed depend on it.
 *
 * @param lengths of the step that is taken and of those before it, in sigma, newest first: one to four
 * @returns as many weights, of the newest derivative first; their sum is 1
 */
export function unevenWeights(lengths: readonly number[]): readonly number[] {
  const [h0 = 0, h1, h2, h3] = lengths;
  if (h1 === undefined) return [1];
  const first = h0 / h1 / 2;
  if (h2 === undefined) return [1 + first, -first];

  const ratio = h1 / h2;
  const third = h0 / (3 * (h0 + h1));
  const second = (1 - (third * (h0 * (h0 + h1))) / (h1 * (h1 + h2))) / 2;
  const three = [1 + first + second, -first - (1 + ratio) * second, second * ratio] as const;
  if (h3 === undefined) return three;

  const far = (h1 * (h1 + h2)) / (h2 * (h2 + h3));
  const last =
    (((1 - third) / 2 + ((1 - h0 / (2 * (h0 + h1))) * h0) / (6 * (h0 + h1 + h2))) *
      (h0 * (h0 + h1) * (h0 + h1 + h2))) /
    (h1 * (h1 + h2) * (h1 + h2 + h3));
  return [
    three[0] + last,
    three[1] - (1 + ratio + far) * last,
    three[2] + (ratio + far * (1 + h2 / h3)) * last,
    -last * far * ratio,
  ];
}
