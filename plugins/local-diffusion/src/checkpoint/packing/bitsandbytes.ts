import { z } from 'zod';
import { invalidFiles } from '../invalid-files.js';
import type { TensorLocation } from '../safetensors.js';
import type { Packing } from '../tensor-location.js';
import { readSmallJson } from './small-json.js';

type Tensors = ReadonlyMap<string, TensorLocation>;

const positive = z.int().positive();
const stateSchema = z.looseObject({
  shape: z.array(positive).min(1).max(6),
  blocksize: positive,
  nested_blocksize: positive.optional(),
  nested_offset: z.number().optional(),
});

/** The tensor that says how a weight of 4 bits was made; undefined for other weights. */
export const stateNameOf = (name: string, tensors: Tensors): string | undefined =>
  ['nf4', 'fp4'].map((type) => `${name}.quant_state.bitsandbytes__${type}`).find((each) => tensors.has(each));

/**
 * A weight of bitsandbytes' nf4 or fp4: its shape, and what belongs to it.
 *
 * @throws ERR_MODEL_FILES_INVALID where a part of it is missing, or of another size than the shape asks for
 */
export async function packTable(
  name: string,
  location: TensorLocation,
  stateName: string,
  tensors: Tensors,
): Promise<TensorLocation & { readonly packing: Packing }> {
  const { shape, blocksize, ...nested } = await readSmallJson(
    stateName,
    tensors.get(stateName)!,
    stateSchema,
  );
  const part = (ending: string, elements: number): TensorLocation => {
    const found = tensors.get(`${name}.${ending}`);
    const size = found?.shape.reduce((product, each) => product * each, 1);
    if (found && size === elements) return found;
    throw invalidFiles(
      `${location.file}: "${name}.${ending}" has ${size ?? 'no'} elements, and not the ${elements} of nf4 or fp4.`,
    );
  };
  const elements = shape.reduce((product, size) => product * size, 1);
  if (location.length !== Math.ceil(elements / 2)) {
    throw invalidFiles(
      `${location.file}: tensor "${name}" has ${location.length} bytes, which are not [${shape}] of 4 bits.`,
    );
  }
  const blocks = Math.ceil(elements / blocksize);
  const absmax = part('absmax', blocks);
  const { nested_blocksize: size } = nested;
  const packing: Packing = {
    ...{ kind: 'table', table: part('quant_map', 16), absmax, blockSize: blocksize },
    ...(absmax.dtype === 'U8' &&
      size !== undefined && {
        nested: {
          table: part('nested_quant_map', 256),
          absmax: part('nested_absmax', Math.ceil(blocks / size)),
          blockSize: size,
          offset: nested.nested_offset ?? 0,
        },
      }),
  };
  return { ...location, shape, packing };
}
