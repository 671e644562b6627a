import { invalidFiles } from './invalid-files.js';
import type { TensorLocation } from './safetensors.js';

type Tensors = ReadonlyMap<string, TensorLocation>;

const otherVersion = 'Use the version of the model in fp8, F16 or BF16.';

/** Ways to quantise weights that are not read, each by a name or a type that no other has. The first that fits counts. */
const formats: readonly {
  readonly what: string;
  readonly hint: string;
  fits(name: string, location: TensorLocation, tensors: Tensors): boolean;
}[] = [
  {
    what: 'SVDQuant or AWQ, made for the kernels of one kind of GPU (Nunchaku)',
    hint: otherVersion,
    fits: (name) => name.endsWith('.qweight'),
  },
  {
    what: 'nf4 or fp4 of bitsandbytes',
    hint: otherVersion,
    fits: (name) => name.endsWith('.weight.absmax'),
  },
  { what: 'int8 of bitsandbytes', hint: otherVersion, fits: (name) => name.endsWith('.SCB') },
  { what: 'nvfp4', hint: otherVersion, fits: (name) => name.endsWith('.weight_scale_2') },
  {
    what: 'mxfp8',
    hint: otherVersion,
    fits: (name, { dtype }) => name.endsWith('.weight_scale') && dtype === 'U8',
  },
  {
    what: 'int8 with a scale',
    hint: otherVersion,
    fits: (name, { dtype }, tensors) =>
      dtype === 'I8' && name.endsWith('.weight') && tensors.has(`${name}_scale`),
  },
];

/**
 * Looks whether the weights of a network are quantised in a way that is read.
 *
 * @throws ERR_MODEL_FILES_INVALID naming a way that is not, and what to use instead
 */
export function refuseQuantisation(origin: string, tensors: Tensors): void {
  for (const { what, hint, fits } of formats) {
    for (const [name, location] of tensors) {
      if (!fits(name, location, tensors)) continue;
      throw invalidFiles(`${origin}: its weights are stored as ${what}, which is not supported yet.`, hint);
    }
  }
}
