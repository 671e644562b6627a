import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { isBlockType } from '../../../../plugins/local-diffusion/src/checkpoint/gguf/block-types.js';
import { readSafetensors } from '../../../../plugins/local-diffusion/src/checkpoint/safetensors.js';
import type { CaseOutcome, ReferenceCase } from '../../case.js';
import { readTensors } from '../../tensors.js';
import { decodeStored } from './decode-stored.js';

const typesSchema = z.looseObject({
  types: z.record(
    z.string(),
    z.looseObject({ block_elements: z.number(), cases: z.record(z.string(), z.unknown()) }),
  ),
});

/** The numbers of blocks of each type, to the last bit. */
export async function blockTypeCases(folder: string): Promise<ReferenceCase[]> {
  const { types } = typesSchema.parse(JSON.parse(await readFile(join(folder, 'types.json'), 'utf8')));
  return Object.entries(types).flatMap(([type, { block_elements: elements, cases }]) =>
    Object.keys(cases).map((name) => ({
      id: `gguf_types/${type}.${name}`,
      run: () => compare(join(folder, 'types.safetensors'), type, name, elements),
    })),
  );
}

async function compare(path: string, type: string, name: string, elements: number): Promise<CaseOutcome> {
  if (!isBlockType(type)) return { status: 'not-built', detail: `${type} is refused by its name` };
  const raw = (await readSafetensors(path)).get(`${type}.${name}.raw`)!;
  const own = await decodeStored({ ...raw, dtype: type, shape: [raw.shape[0]!, elements] });
  const key = `${type}.${name}.f32`;
  const expected = (await readTensors(path, (each) => each === key)).get(key)!.data as Float32Array;
  const different = own.findIndex((value, index) => !Object.is(value, expected[index]));
  const digest = createHash('sha256').update(own).digest('hex').slice(0, 8);
  return different === -1 && own.length === expected.length
    ? { status: 'passed', detail: `${own.length} numbers, ${digest}` }
    : { status: 'failed', detail: `number ${different} is ${own[different]}, not ${expected[different]}` };
}
