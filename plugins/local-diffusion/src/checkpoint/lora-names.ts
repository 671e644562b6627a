/** The networks that a LoRA can change. */
export type LoraTarget = 'unet' | 'textEncoder' | 'textEncoder2';

/** What the name of a tensor in a LoRA's file says. */
export interface LoraName {
  readonly target: LoraTarget;
  /** The layer's path with underscores for dots, since kohya's names have no others: diffusers' or the original one. */
  readonly module: string;
  readonly part: 'down' | 'up' | 'alpha';
}

/** Where the names begin: kohya's, then diffusers' and PEFT's. */
const prefixes: readonly (readonly [RegExp, LoraTarget])[] = [
  [/^lora_unet_/, 'unet'],
  [/^lora_te1?_/, 'textEncoder'],
  [/^lora_te2_/, 'textEncoder2'],
  [/^unet\./, 'unet'],
  [/^text_encoder\./, 'textEncoder'],
  [/^text_encoder_2\./, 'textEncoder2'],
  [/^(model\.)?diffusion_model\./, 'unet'],
  [/^(?=text_model\.)/, 'textEncoder'],
  [/^(?=(down_blocks|mid_block|up_blocks|conv_in|conv_out|time_embedding|add_embedding)\.)/, 'unet'],
];

const partNames: Readonly<Record<string, LoraName['part']>> = { down: 'down', A: 'down', up: 'up', B: 'up' };

/** Where the names end. Groups: the module, the projection of an attention processor, the part. */
const endings: readonly RegExp[] = [
  // kohya, and diffusers of 2023
  /^(?<module>.+)\.lora_(?<part>down|up)\.weight$/,
  /^(?<module>.+)\.(lora_linear_layer|lora)\.(?<part>down|up)\.weight$/,
  // PEFT; the name of an adapter may stand before `weight`
  /^(?<module>.+)\.lora_(?<part>A|B)(\.\w+)?\.weight$/,
  // diffusers' attention processors
  /^(?<module>.+?)(\.processor)?\.(?<projection>to_(q|k|v|out))_lora\.(?<part>down|up)\.weight$/,
];

/** Text encoders name the projections otherwise than their LoRA's processors did. */
const textProjections: Readonly<Record<string, string>> = {
  to_q: 'q_proj',
  to_k: 'k_proj',
  to_v: 'v_proj',
  to_out: 'out_proj',
};

/**
 * Reads the name of a tensor in a LoRA: kohya's (`lora_unet_...lora_down.weight`, `.alpha`), PEFT's (`unet....lora_A.weight`), and those of
 * diffusers before PEFT (`...attn1.processor.to_q_lora.down.weight`, `...to_q.lora.down.weight`).
 *
 * @returns `undefined` for a name of none of these kinds
 */
export function parseLoraName(name: string): LoraName | undefined {
  const plain = name.replace('base_model.model.', '');
  const prefix = prefixes.find(([start]) => start.test(plain));
  if (!prefix) return undefined;
  const [start, target] = prefix;
  const rest = plain.replace(start, '');
  if (rest.endsWith('.alpha')) {
    return { target, module: underscored(rest.slice(0, -'.alpha'.length)), part: 'alpha' };
  }
  for (const ending of endings) {
    const { module, projection, part } = ending.exec(rest)?.groups ?? {};
    if (module === undefined || part === undefined) continue;
    const path = projection === undefined ? module : `${module}.${layerOf(projection, target)}`;
    return { target, module: underscored(path), part: partNames[part]! };
  }
  return undefined;
}

function layerOf(projection: string, target: LoraTarget): string {
  if (target !== 'unet') return textProjections[projection]!;
  return projection === 'to_out' ? 'to_out.0' : projection;
}

/** `mid_block.attentions.0` to `mid_block_attentions_0`. */
export const underscored = (path: string): string => path.replaceAll('.', '_');

/**
 * Undoes {@link underscored} for the original UNet's paths as far as `unetPathOf` needs it: numbers stand alone between dots there, so
 * `input_blocks_4_1_proj_in` becomes `input_blocks.4.1.proj_in`.
 */
export const dottedNumbers = (module: string): string =>
  module.replace(/_(\d+)(?=_|$)/g, '.$1').replace(/(?<=\.\d+)_/g, '.');
