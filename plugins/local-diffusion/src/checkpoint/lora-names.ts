import type { Parts } from './lora-parts.js';
import type { TensorLocation } from './safetensors.js';

/** A component that LoRAs can change, and what their files call it. */
export interface LoraTarget {
  /** By the name of its folder in a diffusers checkpoint. */
  readonly component: string;
  /** How the names of its tensors begin. */
  readonly prefixes: readonly RegExp[];
  /** The layer that diffusers' attention processors of 2023 call `to_q`, `to_k`, `to_v` or `to_out`. */
  layerOf(projection: string): string;
  /**
   * Finds layers by the names of the checkpoints that the component was trained in, with underscores for
   * dots, e.g. `input_blocks_4_1_proj_in`. Absent: LoRAs do not have such names.
   */
  originalPaths?(tensors: ReadonlyMap<string, TensorLocation>): (module: string) => string | undefined;
  /**
   * The same where a layer of such a checkpoint may be several of the network: for a module, the layers that
   * its weight is divided into. Undefined for a module of another name.
   */
  originalParts?(tensors: ReadonlyMap<string, TensorLocation>): (module: string) => Parts | undefined;
  /** The layer that some LoRAs give more inputs. Absent: none do. */
  readonly widening?: Widening;
}

/** A layer that reads what goes into a network, and an image beside it where a LoRA says so. */
export interface Widening {
  /** Its path, that of diffusers. */
  readonly path: string;
  /** See `LoraName.module`: all names that it has. */
  readonly modules: readonly string[];
  /** Its inputs without an image beside. */
  ownInputs(config: unknown): number;
  /** The config of the network when the layer has so many inputs. Absent: it can have no more. */
  configOf?(config: unknown, inputs: number): unknown;
  /** What to do where a model cannot take such a LoRA: a sentence. */
  readonly hint: string;
}

/** What a tensor is to its layer, by LyCORIS's names without the algorithm's. */
export type LoraPart =
  | ('down' | 'up' | 'mid' | 'alpha' | 'magnitude' | 'peft magnitude')
  | (`hada_${`w${1 | 2}_${'a' | 'b'}` | `t${1 | 2}`}` | `lokr_${`w${1 | 2}${'' | '_a' | '_b'}` | 't2'}`)
  | (
      | 'diff'
      | 'diff_b'
      | 'w_norm'
      | 'b_norm'
      | 'up_bias'
      | 'norm'
      | 'weight'
      | 'on_input'
      | 'oft_blocks'
      | 'rescale'
      | `${'a' | 'b'}${1 | 2}`
    );

/** What the name of a tensor in a LoRA's file says. */
export interface LoraName {
  readonly target: LoraTarget;
  /**
   * The layer's path with underscores for dots, since kohya's names have no others: diffusers' or the
   * original one.
   */
  readonly module: string;
  readonly part: LoraPart;
}

const partNames: Readonly<Record<string, LoraPart>> = {
  A: 'down',
  B: 'up',
  'B.bias': 'up_bias',
  scale: 'norm',
  dora_scale: 'magnitude',
  magnitude_vector: 'peft magnitude',
};

/** Where the names end. Groups: the module, the projection of an attention processor, the part. */
const endings: readonly RegExp[] = [
  // kohya, and diffusers of 2023
  /^(?<module>.+)\.lora_(?<part>down|mid|up)\.weight$/,
  /^(?<module>.+)\.(lora_linear_layer|lora)\.(?<part>down|up)\.weight$/,
  // PEFT; the name of an adapter may stand before `weight`
  /^(?<module>.+)\.lora_(?<part>A|B)(\.\w+)?\.weight$/,
  /^(?<module>.+)\.lora_(?<part>B\.bias)$/,
  /^(?<module>.+)\.lora_(?<part>magnitude_vector)(\.\w+)*$/,
  // Black Forest Labs' control LoRAs
  /^(?<module>.+_norm)\.(?<part>scale)$/,
  // diffusers' attention processors
  /^(?<module>.+?)(\.processor)?\.(?<projection>to_(q|k|v|out))_lora\.(?<part>down|up)\.weight$/,
  // LyCORIS, and the differences of ComfyUI's extraction
  /^(?<module>.+)\.(?<part>alpha|dora_scale|diff|diff_b|w_norm|b_norm|on_input|oft_blocks|rescale)$/,
  /^(?<module>.+)\.(?<part>hada_(w[12]_[ab]|t[12])|lokr_(w[12](_[ab])?|t2))$/,
  /^(?<module>.+)\.(?<part>[ab][12])\.weight$/,
];

/** The vector of (IA)^3, whose name without kohya's prefix would be that of any weight. */
const scalingEnding = /^(?<module>.+)\.(?<part>weight)$/;

/**
 * Reads the name of a tensor in a LoRA: kohya's (`lora_unet_...lora_down.weight`, `.alpha`), PEFT's
 * (`unet....lora_A.weight`), ComfyUI's (`diffusion_model....`, `text_encoders.clip_l....`), and those of
 * diffusers before PEFT (`...attn1.processor.to_q_lora.down.weight`).
 *
 * @param targets the first is the denoising network
 * @returns `undefined` for a name of none of these kinds
 */
export function parseLoraName(name: string, targets: readonly LoraTarget[]): LoraName | undefined {
  const plain = name.replace(/^base_model\.model\./, '');
  const known = targets.find(({ prefixes }) => prefixes.some((prefix) => prefix.test(plain)));
  // Of a network that was trained by itself PEFT's prefix is all there is.
  const target = known ?? (plain === name ? undefined : targets[0]);
  if (!target) return undefined;
  const prefix = target.prefixes.find((each) => each.test(plain)) ?? /^/;
  const rest = plain.replace(prefix, '');
  const possible = plain.startsWith('lora_') ? [...endings, scalingEnding] : endings;
  for (const ending of possible) {
    const { module, projection, part } = ending.exec(rest)?.groups ?? {};
    if (module === undefined || part === undefined) continue;
    const path = projection === undefined ? module : `${module}.${target.layerOf(projection)}`;
    return { target, module: underscored(path), part: partNames[part] ?? (part as LoraPart) };
  }
  return undefined;
}

/** `mid_block.attentions.0` to `mid_block_attentions_0`. */
export const underscored = (path: string): string => path.replaceAll('.', '_');

/**
 * Undoes {@link underscored} for paths in which numbers stand alone between dots, so that
 * `input_blocks_4_1_proj_in` becomes `input_blocks.4.1.proj_in`.
 */
export const dottedNumbers = (module: string): string =>
  module.replace(/_(\d+)(?=_|$)/g, '.$1').replace(/(?<=\.\d+)_/g, '.');
