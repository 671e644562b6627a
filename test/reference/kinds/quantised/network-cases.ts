import { readdir, readFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { z } from 'zod';
import {
  type Component,
  openComponent,
} from '../../../../plugins/local-diffusion/src/checkpoint/component.js';
import { withPackings } from '../../../../plugins/local-diffusion/src/checkpoint/packing/packed-tensors.js';
import { t5EncoderOf } from '../../../../plugins/local-diffusion/src/families/components/companion-files.js';
import { qwenEncoderOf } from '../../../../plugins/local-diffusion/src/families/components/qwen-file.js';
import { singleFile as flux } from '../../../../plugins/local-diffusion/src/families/flux/single-file.js';
import type { Tensors } from '../../../../plugins/local-diffusion/src/families/single-file-layout.js';
import { singleFile as stableDiffusion3 } from '../../../../plugins/local-diffusion/src/families/stable-diffusion-3/single-file.js';
import { readCheckpointFile } from '../../../../plugins/local-diffusion/src/models/file-tensors.js';
import { largestError } from '../../arrays.js';
import type { CaseOutcome } from '../../case.js';
import { networkRuns } from '../../network-runs.js';
import { readTensors } from '../../tensors.js';

/** Of the largest value of an output. */
const tolerance = 1e-4;

/** Of each folder, the class of its network, how its tensors are named, and the output that is compared. */
export const networks: Readonly<
  Record<string, { readonly of: string; readonly output: string; tensorsOf(tensors: Tensors): Tensors }>
> = {
  flux: transformer('FluxTransformer2DModel', flux),
  flux_k: transformer('FluxTransformer2DModel', flux),
  sd35: transformer('SD3Transformer2DModel', stableDiffusion3),
  qwen2vl: {
    of: 'Qwen2_5_VLForConditionalGeneration',
    output: 'hidden_states_last',
    tensorsOf: qwenEncoderOf,
  },
  t5: { of: 'T5EncoderModel', output: 'last_hidden_state', tensorsOf: t5EncoderOf },
};

function transformer(of: string, layout: typeof flux) {
  const tensorsOf = (tensors: Tensors) => layout.componentsOf(tensors).get('transformer')!;
  return { of, output: 'sample', tensorsOf };
}

const configSchema = z.record(z.string(), z.unknown());

/** Compares what the network of a file makes of each of the reference's inputs. */
export async function compareNetwork(
  path: string,
  id: string,
  name: string,
  stated: unknown,
  base: string | undefined,
): Promise<CaseOutcome> {
  const { of, output, tensorsOf } = networks[name]!;
  const folder = extname(path) ? dirname(path) : dirname(path.replace(/\/$/, ''));
  const component = extname(path)
    ? await openFile(path, stated ?? (await configOf(await configFolderOf(folder, base))), tensorsOf)
    : await openComponent(path);
  const tensors = await readTensors(join(folder, 'expected.safetensors'));
  const errors: number[] = [];
  for (const run of ['c0', 'c1']) {
    const own = new Map(
      [...tensors].flatMap(([key, value]) => {
        const [, input] = new RegExp(`^(?:${id}\\.)?${run}\\.in\\.(.+)$`).exec(key) ?? [];
        return input === undefined ? [] : [[input, value] as const];
      }),
    );
    const expected = tensors.get(`${id}.${run}.out`) ?? tensors.get(`${id}.${run}.${output}`);
    const made = await networkRuns[of]!(component, [output], { inputs: own, scalars: {} });
    const values = expected!.data as Float32Array;
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    errors.push(largestError(made.get(output)!, values, 'absolute') / largest);
  }
  const error = Math.max(...errors);
  return {
    status: error <= tolerance ? 'passed' : 'failed',
    detail: `off by ${error.toExponential(1)} of the largest value`,
  };
}

/**
 * Of files without a config, the folder of the component that they were made of, below that of the whole set.
 */
async function configFolderOf(folder: string, base: string | undefined): Promise<string> {
  if (base === undefined || (await readdir(folder)).includes('config.json')) return folder;
  return join(dirname(dirname(dirname(folder))), base);
}

const configOf = async (folder: string) => JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));

async function openFile(
  path: string,
  config: unknown,
  tensorsOf: (tensors: Tensors) => Tensors,
): Promise<Component> {
  const tensors = await withPackings(path, await readCheckpointFile(path));
  return {
    name: 'network',
    configFile: 'cases.json',
    config: configSchema.parse(config),
    tensors: tensorsOf(tensors),
  };
}
