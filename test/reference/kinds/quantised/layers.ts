import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { withPackings } from '../../../../plugins/local-diffusion/src/checkpoint/packing/packed-tensors.js';
import { readSafetensorsFile } from '../../../../plugins/local-diffusion/src/checkpoint/safetensors.js';
import { largestError } from '../../arrays.js';
import type { CaseOutcome, ReferenceCase } from '../../case.js';
import { readTensors } from '../../tensors.js';
import { decodeTensor } from './decode-stored.js';

/** Of the largest weight; products of rotated rows are sums of up to 256 numbers. */
const tolerance = 1e-6;

const casesSchema = z.looseObject({
  cases: z.array(
    z.looseObject({
      id: z.string(),
      file: z.string(),
      layers: z.array(z.looseObject({ name: z.string(), shape: z.array(z.number()) })),
    }),
  ),
});

/** Layers of each way of quantising in .safetensors files: the weights that they stand for. */
export async function layerCases(folder: string): Promise<ReferenceCase[]> {
  const { cases } = casesSchema.parse(JSON.parse(await readFile(join(folder, 'cases.json'), 'utf8')));
  return cases.flatMap(({ id, file, layers }) =>
    layers.map(({ name, shape }) => ({
      id: `safetensors_types/${id}.${name}`,
      async run(): Promise<CaseOutcome> {
        const path = join(folder, file);
        const tensors = await withPackings(path, await readSafetensorsFile(path));
        const own = await decodeTensor(tensors, `${name}.weight`, shape);
        const key = `${id}.${name}.weight_f32`;
        const expected = (
          await readTensors(join(folder, 'expected.safetensors'), (each) => each === key)
        ).get(key)!;
        const values = expected.data as Float32Array;
        const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        const error = largestError(own, values, 'absolute') / largest;
        return {
          status: error <= tolerance ? 'passed' : 'failed',
          detail: `off by ${error.toExponential(1)}`,
        };
      },
    })),
  );
}
