import { invalidFiles } from '../invalid-files.js';
import type { TensorLocation } from '../safetensors.js';
import { type ComfyLayer, turnedInt4 } from './comfy-layers.js';

const otherVersion = 'Use the version of the model in GGUF, fp8, int8, F16 or BF16.';
const readFormats: ReadonlySet<string> = new Set([
  ...['float8_e4m3fn', 'float8_e5m2', 'mxfp8', 'nvfp4', 'int8_tensorwise'],
  turnedInt4,
]);

/** Ways of quantising that are not read, by endings of the tensors that only they have. */
const endings: Readonly<Record<string, string>> = {
  '.qweight': 'SVDQuant (Nunchaku), AWQ or GPTQ, made for the kernels of one kind of GPU',
  '.pre_quant_scale': 'AWQ, with factors for what goes into a layer',
  '.weight._data': 'a format of optimum-quanto',
  '.weight_packed': 'a format of compressed-tensors',
  '.W_q': 'HQQ',
};

/**
 * Looks whether the weights of a network are quantised in a way that is read.
 *
 * @param layers what the file says of its layers
 * @throws ERR_MODEL_FILES_INVALID naming a way that is not, and what to use instead
 */
export function refuseQuantisation(
  origin: string,
  tensors: ReadonlyMap<string, TensorLocation>,
  layers: ReadonlyMap<string, ComfyLayer>,
): void {
  const refusal = (what: string) =>
    invalidFiles(`${origin}: its weights are stored as ${what}, which is not supported.`, otherVersion);
  for (const { format } of layers.values()) {
    if (!readFormats.has(format)) throw refusal(`"${format}" of ComfyUI`);
  }
  for (const name of tensors.keys()) {
    const found = Object.entries(endings).find(([ending]) => name.endsWith(ending));
    if (found) throw refusal(found[1]);
  }
}
