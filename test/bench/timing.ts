export const median = (values: readonly number[]): number =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;

/**
 * Microseconds a call, over rounds of many calls each, one after the other; the first rounds only warm up.
 */
export async function perCall(calls: number, call: () => Promise<unknown>): Promise<number> {
  const rounds: number[] = [];
  for (let round = 0; round < 7; round++) {
    const from = performance.now();
    for (let index = 0; index < calls; index++) await call();
    rounds.push(((performance.now() - from) * 1000) / calls);
  }
  return median(rounds.slice(2));
}
