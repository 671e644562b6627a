import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Graph } from '../graph/graph.js';
import { withInt8Products } from '../graph/passes/int8-products.js';
import { sumsInt8Exactly } from './int8-saturation.js';
import { Network } from './network.js';
import { int8SpeedCase, spreadNumbers } from './self-test-cases.js';
import { hashOf, processorModel, runtimeVersion } from './self-test-device.js';

/** Rounding has to be worth so much: the time of float32, divided by that of int8. */
export const worthwhileGain = 1.2;
/** Rises with every change of what is measured. */
const measureVersion = 1;
const rounds = 4;

const verdictSchema = z.object({ gain: z.number().nonnegative() });

/** Where and how the gain is measured. */
export interface Int8GainPlace {
  /** Folder that the gain is kept in. Absent: it is not measured, since the next process may find another. */
  readonly folder: string | undefined;
  /** Absent: {@link measureInt8Gain}. */
  readonly measure?: () => Promise<number>;
}

/**
 * Whether layers in int8 are worth it on this processor: measured once by processor and ONNX Runtime version,
 * and then read from the folder. The first answer that is written is the answer of all processes: one seed
 * gives one image. Without a folder that can be written to it is no.
 */
export async function gainsByInt8({ folder, measure = measureInt8Gain }: Int8GainPlace): Promise<boolean> {
  if (folder === undefined) return false;
  const key = hashOf([measureVersion, runtimeVersion(), process.arch, processorModel()].join('\n'));
  const file = join(folder, `int8-${key}.json`);
  const known = await readGain(file);
  if (known !== undefined) return known >= worthwhileGain;
  try {
    await mkdir(folder, { recursive: true });
    const own = `${file}.${process.pid}`;
    await writeFile(own, JSON.stringify({ gain: await measure() }));
    // Unlike a renaming, a link does not replace what another process has written meanwhile.
    await link(own, file).catch(() => {});
    await rm(own, { force: true });
  } catch {
    return false;
  }
  return ((await readGain(file)) ?? 0) >= worthwhileGain;
}

/**
 * The time of some layers in float32, divided by that in int8: the least of some runs, in seconds of the
 * processor with one thread, which other work on the machine disturbs least. 0 where int8 cannot be used.
 * Takes about a second.
 */
export async function measureInt8Gain(): Promise<number> {
  if (!(await sumsInt8Exactly())) return 0;
  const { graph, shape } = int8SpeedCase;
  const x = { data: spreadNumbers(shape.reduce((one, other) => one * other)), shape };
  const graphs: readonly Graph[] = [graph, withInt8Products(graph)];
  const networks: Network[] = [];
  try {
    for (const each of graphs) networks.push(await Network.open(each, { threads: 1 }));
    const least = networks.map(() => Number.POSITIVE_INFINITY);
    for (let round = 0; round < rounds; round++) {
      for (const [index, network] of networks.entries()) {
        const from = process.cpuUsage();
        await network.run({ x }, ['y']);
        const { user, system } = process.cpuUsage(from);
        least[index] = Math.min(least[index]!, user + system);
      }
    }
    const [exact = 0, fast = 1] = least;
    return exact / fast;
  } finally {
    for (const network of networks) await network.release();
  }
}

async function readGain(file: string): Promise<number | undefined> {
  try {
    return verdictSchema.parse(JSON.parse(await readFile(file, 'utf8'))).gain;
  } catch {
    return undefined;
  }
}
