import { z } from 'zod';
import type { SafetensorsFile } from '../safetensors.js';
import { parseSmallJson, readSmallJson } from './small-json.js';

const rotation = { convrot: z.boolean().optional(), convrot_groupsize: z.int().positive().optional() };
const layerSchema = z.looseObject({
  format: z.string(),
  ...rotation,
  params: z.looseObject(rotation).optional(),
});
const allSchema = z.looseObject({ layers: z.record(z.string(), layerSchema) });

/** What ComfyUI says of a layer: `comfy_quant` beside its weight, or an entry of the file's metadata. */
export interface ComfyLayer {
  readonly format: string;
  /** Absent: the rows were not turned. */
  readonly rotation?: number | undefined;
}

/** Signed numbers of 4 bits, whose rows are always turned. */
export const turnedInt4 = 'convrot_w4a4';

const ending = '.comfy_quant';
/** Of files whose settings say that rows were turned, and not by how much. */
const usualRotation = 256;

/**
 * Reads what a file says of its layers, by their paths.
 *
 * @throws ERR_MODEL_FILES_INVALID where it cannot be read
 */
export async function readComfyLayers({
  tensors,
  metadata,
}: SafetensorsFile): Promise<ReadonlyMap<string, ComfyLayer>> {
  const text = metadata.get('_quantization_metadata');
  const stated = text === undefined ? {} : parseSmallJson('_quantization_metadata', text, allSchema).layers;
  const own = [...tensors].filter(([name]) => name.endsWith(ending));
  const read = own.map(async ([name, location]) => {
    const layer = await readSmallJson(name, location, layerSchema);
    return [name.slice(0, -ending.length), settingsOf(layer)] as const;
  });
  const all = Object.entries(stated).map(([path, layer]) => [path, settingsOf(layer)] as const);
  return new Map([...all, ...(await Promise.all(read))]);
}

function settingsOf({ format, params, ...own }: z.output<typeof layerSchema>): ComfyLayer {
  const isTurned = own.convrot ?? params?.convrot ?? format === turnedInt4;
  const size = own.convrot_groupsize ?? params?.convrot_groupsize ?? usualRotation;
  return { format, ...(isTurned && { rotation: size }) };
}
