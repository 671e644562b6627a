import { median } from '../timing.js';

export interface Runs {
  readonly firstS: number;
  /** Median of the runs after the first. */
  readonly warmS: number;
}

/** Seconds of a call. */
export async function secondsOf(call: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await call();
  return (performance.now() - from) / 1_000;
}

/** Several calls in turn, again and again, so that whatever else the machine does meets all of them alike. */
export async function measureInTurn(
  calls: readonly (() => Promise<unknown>)[],
  rounds: number,
): Promise<Runs[]> {
  const seconds = calls.map(() => [] as number[]);
  for (let round = 0; round < rounds; round++)
    for (const [index, call] of calls.entries()) seconds[index]?.push(await secondsOf(call));
  return seconds.map(([first = Number.NaN, ...warm]) => ({ firstS: first, warmS: median(warm) }));
}

/** {@link measureInTurn} of one call. */
export async function measure(call: () => Promise<unknown>, rounds: number): Promise<Runs> {
  const [runs] = await measureInTurn([call], rounds);
  return runs as Runs;
}
