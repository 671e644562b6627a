import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { openComponent } from '../../../plugins/local-diffusion/src/checkpoint/component.js';
import { additiveMask, type CaseOutcome, type ReferenceCase, type ReferenceKind } from '../case.js';
import { networkRuns } from '../network-runs.js';
import { readTensors } from '../tensors.js';

/** Of the largest value of an output. */
const tolerance = 1e-4;

const configSchema = z.looseObject({
  _class_name: z.string().optional(),
  architectures: z.array(z.string()).optional(),
});
const weightsSchema = z.looseObject({ same_weights_as: z.string() });
const ioSchema = z.looseObject({
  same_as: z.string().optional(),
  /** The folder of a network that this one adds to; else it lies beside, or a case's note names it. */
  base: z.string().optional(),
  cases: z
    .array(
      z.looseObject({
        id: z.string(),
        outputs: z.record(z.string(), z.array(z.number())),
        scalars: z.record(z.string(), z.unknown()).default({}),
        note: z.string().default(''),
      }),
    )
    .default([]),
});
type IoCase = z.output<typeof ioSchema>['cases'][number];

/**
 * Single networks with their inputs and outputs: every folder that has an io.json, with each variant of its
 * weights.
 */
export const networks: ReferenceKind = {
  folder: 'c_models',
  async cases(folder) {
    const entries = await readdir(folder, { withFileTypes: true });
    const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
    const unreadable = (name: string) => (cause: unknown) => [{ id: name, run: () => Promise.reject(cause) }];
    const cases = names.sort().map((name) => casesOf(folder, name).catch(unreadable(name)));
    return (await Promise.all(cases)).flat();
  },
};

async function casesOf(parent: string, name: string): Promise<ReferenceCase[]> {
  const folder = join(parent, name);
  const { cases, tensorFile, base } = await readIo(join(folder, 'io.json'));
  const weights = await weightsFolderOf(folder);
  const network = await classOf(weights);
  const files = await readdir(weights);
  const variants = (['fp16', 'bf16'] as const).filter((variant) =>
    files.some((file) => file.endsWith(`.${variant}.safetensors`)),
  );
  return [undefined, ...variants].flatMap((variant) =>
    cases.map((io) => ({
      id: `${name}${variant === undefined ? '' : `.${variant}`}/${io.id}`,
      run: () => runCase(network, weights, variant, io, tensorFile, base),
    })),
  );
}

/** Follows `same_as`; the tensors lie beside the JSON file that has the cases. */
async function readIo(file: string): Promise<{ cases: IoCase[]; tensorFile: string; base?: string }> {
  const io = ioSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  if (io.same_as !== undefined) return readIo(join(dirname(file), io.same_as));
  const tensorFile = file.replace(/\.json$/, '.safetensors');
  const base = await baseOf(dirname(file), io);
  return { cases: io.cases, tensorFile, ...(base !== undefined && { base }) };
}

async function baseOf(
  folder: string,
  { base, cases }: Pick<z.output<typeof ioSchema>, 'base' | 'cases'>,
): Promise<string | undefined> {
  if (base) return join(folder, base);
  if ((await readdir(folder)).includes('unet')) return join(folder, 'unet');
  const [, named] = /^unet: (\S+)$/.exec(cases[0]?.note ?? '') ?? [];
  return named && join(folder, '../../d_pipelines', named);
}

/** The folder with config and weights: the case's own, or the one that its `weights.json` names. */
async function weightsFolderOf(folder: string): Promise<string> {
  if (!(await readdir(folder)).includes('weights.json')) return folder;
  const text = await readFile(join(folder, 'weights.json'), 'utf8');
  return join(folder, weightsSchema.parse(JSON.parse(text)).same_weights_as);
}

async function classOf(folder: string): Promise<string> {
  const config = configSchema.parse(JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')));
  return config._class_name ?? config.architectures?.[0] ?? 'unknown';
}

async function runCase(
  network: string,
  folder: string,
  variant: 'fp16' | 'bf16' | undefined,
  io: IoCase,
  tensorFile: string,
  baseFolder: string | undefined,
): Promise<CaseOutcome> {
  const run = networkRuns[network];
  if (!run) return { status: 'not-built', detail: network };
  if (io.scalars.mask === 'additive') return { status: 'not-built', detail: additiveMask };
  const component = await openComponent(folder, variant === undefined ? {} : { variant });
  const prefix = `${io.id}.`;
  const tensors = await readTensors(tensorFile, (name) => name.startsWith(prefix));
  const inputs = new Map(
    [...tensors]
      .filter(([name]) => name.startsWith(`${prefix}in.`))
      .map(([name, values]) => [name.slice(`${prefix}in.`.length), values]),
  );
  const wanted = Object.keys(io.outputs);
  const base = baseFolder === undefined ? {} : { base: await openComponent(baseFolder) };
  const results = await run(component, wanted, { inputs, scalars: io.scalars, ...base });
  const errors = wanted.map((name) => ({
    name,
    error: relativeError(results.get(name), tensors.get(`${prefix}out.${name}`)?.data),
  }));
  const worst = errors.reduce((one, other) => (other.error > one.error ? other : one));
  const detail = `${network}: largest error ${worst.error.toExponential(1)} of the largest value (${worst.name})`;
  return { status: worst.error <= tolerance ? 'passed' : 'failed', detail };
}

/**
 * The largest difference as a share of the largest expected value; infinite for missing values, other lengths
 * and NaN.
 */
function relativeError(
  actual: Float32Array | undefined,
  expected: ArrayLike<number | bigint> | undefined,
): number {
  if (!actual || !expected || actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let largestError = 0;
  let largestValue = 0;
  for (const [index, value] of actual.entries()) {
    const error = Math.abs(value - Number(expected[index]));
    if (Number.isNaN(error)) return Number.POSITIVE_INFINITY;
    largestError = Math.max(largestError, error);
    largestValue = Math.max(largestValue, Math.abs(Number(expected[index])));
  }
  return largestValue === 0 ? largestError : largestError / largestValue;
}
