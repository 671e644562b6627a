import { elementsIn, type Graph } from '../graph/graph.js';
import { type DecomposableOperator, decomposableOperators } from '../graph/passes/decomposition.js';
import type { Precision } from '../graph/passes/precision.js';
import { writeFor } from '../graph/passes/write-for.js';
import { providerOptions } from './execution-devices.js';
import type { ExecutionProvider } from './execution-providers.js';
import { createSession, encodeForSession } from './graph-session.js';
import { Tensor } from './onnx-runtime.js';
import { type SelfTestCase, selfTestCases, speedCase, spreadNumbers } from './self-test-cases.js';

/** What a device's self-test found. */
export type SelfTestVerdict =
  | {
      readonly usable: true;
      /** Operators that it gets wrong, and that have to be written in simpler ones. */
      readonly decompose: readonly DecomposableOperator[];
      /** float16 where it is right in it, and faster than in float32. */
      readonly precision: Precision;
      /**
       * The processor's time for some convolutions, divided by the device's; above 1 the device is faster.
       */
      readonly speedup: number;
      /** Largest error of what will be used, relative to the largest number of a block. */
      readonly error: number;
    }
  | {
      readonly usable: false;
      /** Whether there is such a device at all; what cannot be opened may be repaired at any time. */
      readonly opened: boolean;
      readonly reason: string;
    };

/**
 * Relative to a block's largest number. GPUs that round products to TF32 stay below 0.002; a wrong operator
 * is wrong by 0.1 and more.
 */
const tolerances = { float32: 5e-3, float16: 2e-2 };
const tolerance = tolerances.float32;
/** Half precision costs some of it: it has to be worth that. */
const worthwhileGain = 1.2;

/** Keeps ONNX Runtime from fusing again what was written in simpler operators. */
const fusions = ['LayerNormFusion', 'LayerNormFusionL1', 'QuickGeluFusion', 'GeluFusionL1', 'GeluFusionL2'];
export const unfusedOptions = { optimization: { disable_specified_optimizers: fusions.join(';') } };

/**
 * Runs every block that the networks are made of on a device, and compares with the processor. Fused
 * operators that are wrong are tried again in simpler ones. Takes about a second on a GPU, some seconds where
 * it is emulated.
 */
export async function testDevice(provider: ExecutionProvider): Promise<SelfTestVerdict> {
  const wrong = new Set<DecomposableOperator>();
  let opened = false;
  let error = 0;
  try {
    for (const each of selfTestCases) {
      const expected = await run(each, 'cpu', new Set());
      let found = await errorOn(provider, each, expected, wrong).catch((problem: unknown) => {
        // An operator that fails where others have run is wrong, too: float16 on a GPU that has none.
        if (!opened || !each.operator || wrong.has(each.operator)) throw problem;
        return Number.POSITIVE_INFINITY;
      });
      opened = true;
      if (found > tolerance && each.operator && !wrong.has(each.operator)) {
        wrong.add(each.operator);
        found = await errorOn(provider, each, expected, wrong);
      }
      if (found > tolerance) return { usable: false, opened, reason: describe(each, found, wrong) };
      error = Math.max(error, found);
    }
    const decompose = decomposableOperators.filter((each) => wrong.has(each));
    const speedup = await measureSpeedup(provider);
    const gain = speedup > 1 && (await isRightInHalf(provider, wrong)) ? await measureGain(provider) : 1;
    return gain < worthwhileGain
      ? { usable: true, decompose, precision: 'float32', speedup, error }
      : { usable: true, decompose, precision: 'float16', speedup: speedup * gain, error };
  } catch (problem) {
    return { usable: false, opened, reason: firstLine(problem) };
  }
}

const describe = ({ name, operator }: SelfTestCase, error: number, wrong: ReadonlySet<string>): string =>
  `its ${name} is wrong by ${error.toPrecision(2)}${operator && wrong.has(operator) ? ' even in simple operators' : ''}`;

async function isRightInHalf(
  provider: ExecutionProvider,
  decompose: ReadonlySet<DecomposableOperator>,
): Promise<boolean> {
  try {
    for (const each of selfTestCases) {
      const expected = await run(each, 'cpu', new Set());
      if ((await errorOn(provider, each, expected, decompose, 'float16')) > tolerances.float16) return false;
    }
    return true;
  } catch {
    return false;
  }
}

async function errorOn(
  provider: ExecutionProvider,
  each: SelfTestCase,
  expected: Float32Array,
  decompose: ReadonlySet<DecomposableOperator>,
  precision: Precision = 'float32',
): Promise<number> {
  const actual = await run(each, provider, decompose, precision);
  let largest = 0;
  let error = actual.length === expected.length ? 0 : Number.POSITIVE_INFINITY;
  for (const [index, value] of expected.entries()) {
    largest = Math.max(largest, Math.abs(value));
    const difference = Math.abs(value - actual[index]!);
    // NaN is an error, not a number that is not greater.
    if (!(difference <= error)) error = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }
  return error / largest;
}

async function run(
  { graph, shape }: SelfTestCase,
  provider: ExecutionProvider,
  decompose: ReadonlySet<DecomposableOperator>,
  precision: Precision = 'float32',
): Promise<Float32Array> {
  const session = await open(writeFor(graph, { decompose, precision }), provider);
  try {
    return (await session.run({ x: inputOf(shape) })).y!.data as Float32Array;
  } finally {
    await session.release();
  }
}

/** Milliseconds of the faster of two runs, after one that prepares. */
async function time(
  provider: ExecutionProvider,
  edge: number,
  precision: Precision = 'float32',
): Promise<number> {
  const { graph, shape } = speedCase(edge);
  const session = await open(writeFor(graph, { decompose: new Set(), precision }), provider);
  try {
    const x = inputOf(shape);
    let fastest = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 3; round++) {
      const startedAt = performance.now();
      await session.run({ x });
      if (round > 0) fastest = Math.min(fastest, performance.now() - startedAt);
    }
    return fastest;
  } finally {
    await session.release();
  }
}

/**
 * A little work tells an emulated device, which would take half a minute for what a GPU needs to show what it
 * can do.
 */
async function measureSpeedup(provider: ExecutionProvider): Promise<number> {
  const speedup = async (edge: number) => (await time('cpu', edge)) / (await time(provider, edge));
  const atFirst = await speedup(16);
  return atFirst < 0.05 ? atFirst : await speedup(64);
}

/** How much faster it is in half precision than in single. */
const measureGain = async (provider: ExecutionProvider): Promise<number> =>
  (await time(provider, 64)) / (await time(provider, 64, 'float16'));

const open = (graph: Graph, provider: ExecutionProvider) =>
  createSession(encodeForSession(graph), {
    ...providerOptions(provider),
    logSeverityLevel: 4,
    extra: unfusedOptions,
  });

const inputOf = (shape: readonly number[]) => new Tensor('float32', spreadNumbers(elementsIn(shape)), shape);

function firstLine(problem: unknown): string {
  const text = problem instanceof Error ? problem.message : String(problem);
  // ONNX Runtime begins with the place in its sources.
  return (text.split('\n')[0] ?? text)
    .replace(/^\/onnxruntime_src\/.*?(?:was false\. |\]: )/, '')
    .slice(0, 300);
}
