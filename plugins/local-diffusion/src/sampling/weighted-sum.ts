/**
 * The sum of arrays of one length, each times its coefficient, summed in double and rounded once.
 * An absent array counts for nothing, whatever its coefficient.
 */
export function weightedSum(
  ...terms: readonly (readonly [coefficient: number, values: Float32Array | undefined])[]
): Float32Array {
  const present = terms.filter((term): term is readonly [number, Float32Array] => term[1] !== undefined);
  const length = present[0]?.[1].length ?? 0;
  const sum = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    let total = 0;
    for (const [coefficient, values] of present) total += coefficient * values[i]!;
    sum[i] = total;
  }
  return sum;
}
