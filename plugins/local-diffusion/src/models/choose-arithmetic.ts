import type { TensorLocation } from '../checkpoint/tensor-location.js';
import { elementsIn } from '../graph/graph.js';
import { sumsInt8Exactly } from '../session/int8-saturation.js';
import type { NetworkMemory } from '../session/network-memory.js';
import type { Arithmetic, ArithmeticSetting } from './model-files.js';

/** A denoising network of fewer weights takes less time than what rounding it costs at its first opening. */
const worthwhileWeights = 50e6;

export interface ChosenArithmetic {
  readonly arithmetic: Arithmetic;
  /** Why what was asked for cannot be had. Absent: it can. */
  readonly reason?: string | undefined;
}

/**
 * What a denoising network is computed with. `auto` depends on the model, the processor and the ONNX Runtime
 * version alone, so that a seed gives the same image each time.
 */
export async function chooseArithmetic(
  asked: ArithmeticSetting,
  memory: Pick<NetworkMemory, 'provider' | 'gainsByInt8'>,
  denoiser: { readonly tensors: ReadonlyMap<string, Pick<TensorLocation, 'shape'>> } | undefined,
): Promise<ChosenArithmetic> {
  if (asked === 'exact') return { arithmetic: 'exact' };
  if (asked === 'auto') {
    const weights = [...(denoiser?.tensors.values() ?? [])].reduce(
      (sum, { shape }) => sum + elementsIn(shape),
      0,
    );
    const isWorthIt =
      memory.provider === 'cpu' && weights >= worthwhileWeights && (await memory.gainsByInt8());
    return { arithmetic: isWorthIt ? 'fast' : 'exact' };
  }
  const reason = await whyNotFast(memory.provider);
  return reason === undefined ? { arithmetic: 'fast' } : { arithmetic: 'exact', reason };
}

/** Why networks cannot be computed in int8 here. Undefined: they can. */
async function whyNotFast(provider: NetworkMemory['provider']): Promise<string | undefined> {
  if (provider !== 'cpu') return `"fast" is for processors, and networks are computed on ${provider}`;
  if (await sumsInt8Exactly()) return undefined;
  return 'this processor does not add products of int8 exactly';
}
