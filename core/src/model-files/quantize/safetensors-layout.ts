import { type Chosen, elementsOf, type Layout, type Place, type Unit } from './layout.js';

/** What ComfyUI says beside a layer whose codes have one scale a row. */
export const layerNote = Buffer.from('{"format":"int8_tensorwise"}');

/** Bytes of an element, where they are not all that the type's name says. */
const elementBytes = (dtype: string): number => (dtype === 'BF16' ? 2 : Number(dtype.slice(1)) / 8);

interface Entry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly length: number;
}

/**
 * Where the tensors of a .safetensors file go, and its header. Layers of int8 are written as ComfyUI does:
 * codes, `weight_scale` and `comfy_quant`.
 */
export function layOutSafetensors(
  chosen: readonly Chosen[],
  metadata: Readonly<Record<string, string>>,
): Layout {
  const groups = chosen.map(({ tensor, type }) => ({ tensor, type, entries: entriesOf({ tensor, type }) }));
  // The widest first, so that each element lies at a multiple of its size, as the format's library has it.
  const all = groups
    .flatMap(({ entries }) => entries)
    .sort((one, other) => elementBytes(other.dtype) - elementBytes(one.dtype));
  const places = new Map<string, Place>();
  let end = 0;
  for (const { name, length } of all) {
    places.set(name, { offset: end, length });
    end += length;
  }
  const lines = all.map(({ name, dtype, shape, length }) => {
    const { offset } = places.get(name)!;
    return [name, { dtype, shape, data_offsets: [offset, offset + length] }] as const;
  });
  const stated = Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {};
  const text = JSON.stringify({ ...stated, ...Object.fromEntries(lines) });
  const json = Buffer.from(text);
  const padded = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  const header = Buffer.concat([length, padded]);
  const units = groups.map(({ tensor, type, entries }): Unit => {
    const own = entries.map(({ name }) => {
      const place = places.get(name)!;
      return { ...place, offset: header.length + place.offset };
    });
    return { tensor, type, places: own as [Place, ...Place[]] };
  });
  return { header, units, bytes: header.length + end };
}

function entriesOf({ tensor, type }: Chosen): readonly Entry[] {
  const { name, dtype, shape, length } = tensor;
  if (type !== 'int8 rows') return [{ name, dtype, shape, length }];
  const path = name.slice(0, -'.weight'.length);
  const [rows = 1] = shape;
  return [
    { name, dtype: 'I8', shape, length: elementsOf(tensor) },
    { name: `${path}.weight_scale`, dtype: 'F32', shape: [rows, 1], length: rows * 4 },
    { name: `${path}.comfy_quant`, dtype: 'U8', shape: [layerNote.length], length: layerNote.length },
  ];
}
