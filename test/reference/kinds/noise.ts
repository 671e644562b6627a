import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NumpyGenerator } from '../../../plugins/local-diffusion/src/sampling/noise/numpy-generator.js';
import { TorchGenerator } from '../../../plugins/local-diffusion/src/sampling/noise/torch-generator.js';
import { decodeFloats, type EncodedArray, largestError } from '../arrays.js';
import type { CaseOutcome, ReferenceCase, ReferenceKind } from '../case.js';

interface Draw {
  readonly shape: number[];
  readonly dtype: string;
  readonly sha256_raw_le: string;
  readonly values?: number[];
  readonly first64?: number[];
  readonly last64?: number[];
}

interface GeneratorList {
  readonly seeds?: string[];
  readonly single_generator_batch2?: boolean;
  readonly seed?: string;
  readonly data?: EncodedArray;
  readonly [draw: `draw${number}`]: EncodedArray;
}

interface NumpyDraw {
  readonly seed: string;
  readonly values_f64_9digits?: number[];
  readonly shape?: number[];
  readonly first64?: number[];
  readonly last64?: number[];
  readonly consecutive?: number[][];
}

interface NoiseFile {
  readonly single: (Draw & { readonly seed: string })[];
  readonly consecutive: { readonly seed: string; readonly draws: Draw[] }[];
  readonly generator_lists: GeneratorList[];
  readonly uniform: {
    readonly seed: string;
    readonly u32: number[];
    readonly rand_f32: number[];
    readonly rand_f64: number[];
  }[];
  readonly numpy_randomstate: NumpyDraw[];
  readonly full_1x4x64x64: { readonly seed: string; readonly data: EncodedArray }[];
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/**
 * torch takes log, sin and cos of blocks from a vector library, so another build of it may differ by this.
 */
const blockTolerance = 2e-6;
/** The file's decimal numbers have nine digits, enough for a float32 but not for a float64. */
const decimalTolerance = 1e-8;

function judge(error: number, tolerance: number): CaseOutcome {
  return { status: error <= tolerance ? 'passed' : 'failed', detail: `max error ${error.toPrecision(2)}` };
}

function compareDraw(generator: TorchGenerator, draw: Draw): CaseOutcome {
  const count = sizeOf(draw.shape);
  const half = draw.dtype === 'float16';
  const drawn = half ? generator.randnHalf(count) : generator.randn(count);
  // Nine digits name a float32 exactly once they are rounded to it.
  const expected = Float32Array.from(draw.values ?? [...(draw.first64 ?? []), ...(draw.last64 ?? [])]);
  const shown = draw.values ? drawn : [...drawn.subarray(0, 64), ...drawn.subarray(-64)];
  if (half) {
    // A float32 difference of 2e-6 can tip a value over to the neighbouring half: one unit of 2^-11 relative.
    return judge(largestError(shown, expected), count < 16 ? 0 : 2 ** -10);
  }
  const bits = createHash('sha256').update(new Uint8Array(drawn.buffer)).digest('hex');
  if (bits === draw.sha256_raw_le) return { status: 'passed', detail: 'equal to the bit' };
  const error = largestError(shown, expected, 'absolute');
  if (count >= 16) return judge(error, blockTolerance);
  return { status: 'failed', detail: `bits differ, max error ${error}` };
}

function compareDraws(generator: TorchGenerator, draws: readonly Draw[]): CaseOutcome {
  const outcomes = draws.map((draw) => compareDraw(generator, draw));
  return outcomes.find((outcome) => outcome.status === 'failed') ?? outcomes.at(-1)!;
}

function compareList(list: GeneratorList): CaseOutcome {
  const generators = (list.seeds ?? [list.seed ?? '0']).map((seed) => new TorchGenerator(BigInt(seed)));
  const draws = list.data ? [list.data] : [];
  for (let i = 0; list[`draw${i}`] !== undefined; i++) draws.push(list[`draw${i}`]!);
  let error = draws.length === 0 ? Number.POSITIVE_INFINITY : 0;
  for (const draw of draws) {
    const expected = decodeFloats(draw);
    const share = expected.length / generators.length;
    const drawn = generators.flatMap((generator) => [...generator.randn(share)]);
    error = Math.max(error, largestError(drawn, expected, 'absolute'));
  }
  return judge(error, blockTolerance);
}

function compareUniform(entry: NoiseFile['uniform'][number]): CaseOutcome {
  const fresh = () => new TorchGenerator(BigInt(entry.seed));
  const [bits, doubles] = [fresh(), fresh()];
  const error = Math.max(
    largestError(
      entry.u32.map(() => bits.nextUint32()),
      entry.u32,
      'absolute',
    ),
    largestError(fresh().rand(entry.rand_f32.length), entry.rand_f32, 'absolute'),
    largestError(
      entry.rand_f64.map(() => doubles.randDouble()),
      entry.rand_f64,
      'absolute',
    ),
  );
  return judge(error, decimalTolerance);
}

function compareNumpy(entry: NumpyDraw): CaseOutcome {
  const generator = new NumpyGenerator(BigInt(entry.seed));
  if (entry.shape) {
    const drawn = generator.randn(sizeOf(entry.shape));
    const shown = [...drawn.subarray(0, 64), ...drawn.subarray(-64)].map(Math.fround);
    return judge(largestError(shown, [...(entry.first64 ?? []), ...(entry.last64 ?? [])]), decimalTolerance);
  }
  const draws = entry.consecutive ?? [entry.values_f64_9digits ?? []];
  const drawn = draws.flatMap((draw) => [...generator.randn(draw.length)]);
  return judge(
    draws.flat().length === 0 ? Number.POSITIVE_INFINITY : largestError(drawn, draws.flat()),
    decimalTolerance,
  );
}

/** Random numbers of torch's CPU generator and of numpy's RandomState. */
export const noise: ReferenceKind = {
  folder: 'a_rng',
  async cases(folder) {
    const file = JSON.parse(await readFile(join(folder, 'rng.json'), 'utf8')) as NoiseFile;
    const cases: ReferenceCase[] = [];
    const add = (id: string, outcome: () => CaseOutcome) => cases.push({ id, run: async () => outcome() });
    for (const draw of file.single) {
      const id = `single/${draw.seed}/${draw.dtype}/${draw.shape.join('x')}`;
      add(id, () => compareDraw(new TorchGenerator(BigInt(draw.seed)), draw));
    }
    for (const [index, { seed, draws }] of file.consecutive.entries()) {
      add(`consecutive/${index}/${seed}`, () => compareDraws(new TorchGenerator(BigInt(seed)), draws));
    }
    for (const [index, list] of file.generator_lists.entries()) {
      add(`generator_lists/${index}`, () => compareList(list));
    }
    for (const entry of file.uniform) add(`uniform/${entry.seed}`, () => compareUniform(entry));
    for (const [index, entry] of file.numpy_randomstate.entries()) {
      add(`numpy_randomstate/${index}/${entry.seed}`, () => compareNumpy(entry));
    }
    for (const { seed, data } of file.full_1x4x64x64) {
      const expected = decodeFloats(data);
      add(`full_1x4x64x64/${seed}`, () =>
        judge(
          largestError(new TorchGenerator(BigInt(seed)).randn(expected.length), expected, 'absolute'),
          blockTolerance,
        ),
      );
    }
    return cases;
  },
};
