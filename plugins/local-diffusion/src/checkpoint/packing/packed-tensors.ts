import { invalidFiles } from '../invalid-files.js';
import type { SafetensorsFile, TensorLocation } from '../safetensors.js';
import { packTable, stateNameOf } from './bitsandbytes.js';
import { type ComfyLayer, readComfyLayers, turnedInt4 } from './comfy-layers.js';
import { packInt4, packMxfp8, packNvfp4, packScaled } from './scaled.js';
import { refuseQuantisation } from './unread-formats.js';

type Tensors = ReadonlyMap<string, TensorLocation>;

/** Endings of what belongs to a weight, beside its path or its name; it is no tensor of a network. */
const sideEndings =
  /\.(comfy_quant|SCB|weight_format|input_scale|scale_input)$|\.weight\.(absmax|quant_map|nested_absmax|nested_quant_map|quant_state\..+)$/;
/** The same, where the weight is one that they belong to. */
const scaleEndings = ['weight_scale', 'weight_scale_2', 'scale_weight'];

/**
 * The tensors of a file or a component, those that belong to a quantised weight being a part of it: int8 with
 * scales, also turned (ConvRot), turned int4, nf4, fp4 and int8 of bitsandbytes, mxfp8, nvfp4, and fp8 with
 * scales.
 *
 * @param origin for messages
 * @throws ERR_MODEL_FILES_INVALID naming a way of quantising that is not read, or what is missing of one that
 * is
 */
export async function withPackings(origin: string, file: SafetensorsFile): Promise<Tensors> {
  const { tensors } = file;
  const layers = await readComfyLayers(file);
  refuseQuantisation(origin, tensors, layers);
  const packed = await Promise.all(
    [...tensors].map(async ([name, location]) => {
      const path = /^(.*)\.weight$/.exec(name)?.[1];
      if (path === undefined) return [name, location] as const;
      return [name, await packWeight(path, location, tensors, layers.get(path))] as const;
    }),
  );
  const used = new Set(
    packed.flatMap(([name, { packing }]) =>
      packing ? scaleEndings.map((ending) => name.replace(/weight$/, ending)) : [],
    ),
  );
  return new Map(packed.filter(([name]) => !sideEndings.test(name) && !used.has(name)));
}

async function packWeight(
  path: string,
  location: TensorLocation,
  tensors: Tensors,
  layer: ComfyLayer | undefined,
): Promise<TensorLocation> {
  const name = `${path}.weight`;
  const state = stateNameOf(name, tensors);
  if (state !== undefined) return await packTable(name, location, state, tensors);
  const rowScales = tensors.get(`${path}.SCB`);
  if (rowScales && location.dtype === 'I8') return packScaled(name, location, rowScales, { divisor: 127 });
  const scale = tensors.get(`${path}.weight_scale`) ?? tensors.get(`${path}.scale_weight`);
  if (!scale) {
    if (location.dtype !== 'I8') return location;
    throw invalidFiles(`${location.file}: tensor "${name}" is stored as int8, and has no scale beside it.`);
  }
  const second = tensors.get(`${path}.weight_scale_2`);
  if (location.dtype === 'U8' && second) return packNvfp4(name, location, scale, second);
  if (layer?.format === 'mxfp8' || ['U8', 'F8_E8M0'].includes(scale.dtype))
    return packMxfp8(name, location, scale);
  const isOfBytes = ['I8', 'U8'].includes(location.dtype);
  if (layer?.format === turnedInt4 && layer.rotation !== undefined && isOfBytes)
    return packInt4(name, location, scale, layer.rotation);
  return packScaled(name, location, scale, layer?.rotation === undefined ? {} : { rotation: layer.rotation });
}
