import type { Lora } from '../../checkpoint/lora.js';
import { type LoraLayer, sizeOfChange } from '../../checkpoint/lora-layer.js';
import { dottedNumbers, type LoraTarget } from '../../checkpoint/lora-names.js';
import type { Components, FamilyLoras } from '../family.js';
import { unetPathOf } from './original-unet-names.js';
import { textWidthOf, type UnetVariant } from './unet-file.js';

const unet: LoraTarget = {
  component: 'unet',
  prefixes: [
    /^lora_unet_/,
    /^unet\./,
    /^(model\.)?diffusion_model\./,
    /^(?=(down_blocks|mid_block|up_blocks|conv_in|conv_out|time_embedding|add_embedding)\.)/,
  ],
  layerOf: (projection) => (projection === 'to_out' ? 'to_out.0' : projection),
  originalPaths(tensors) {
    let layers = 0;
    while (tensors.has(`down_blocks.0.resnets.${layers}.conv1.weight`)) layers += 1;
    return (module) => unetPathOf(dottedNumbers(module), layers);
  },
};

/** CLIP names the projections otherwise than its LoRAs' attention processors did. */
const textProjections: Readonly<Record<string, string>> = {
  to_q: 'q_proj',
  to_k: 'k_proj',
  to_v: 'v_proj',
  to_out: 'out_proj',
};
const textEncoder = (component: string, prefixes: readonly RegExp[]): LoraTarget => ({
  component,
  prefixes,
  layerOf: (projection) => textProjections[projection]!,
});

/** CLIP-L, by the names of kohya, diffusers and PEFT, and ComfyUI. */
export const clipLTarget = textEncoder('text_encoder', [
  /^lora_te1?_/,
  /^text_encoder\./,
  /^(?=text_model\.)/,
  /^(text_encoders\.)?clip_[lh]\.(transformer\.)?/,
]);

/** CLIP-G, likewise. */
export const clipGTarget = textEncoder('text_encoder_2', [
  /^lora_te2_/,
  /^text_encoder_2\./,
  /^(text_encoders\.)?clip_g\.(transformer\.)?/,
]);

/** A transformer of diffusers that was trained under other names, in which one layer may be several. */
export const transformerTarget = (
  blocks: RegExp,
  originalParts: NonNullable<LoraTarget['originalParts']>,
): LoraTarget => ({
  component: 'transformer',
  prefixes: [/^lora_(unet|transformer)_/, /^transformer\./, /^(model\.)?diffusion_model\./, blocks],
  layerOf: (projection) => (projection === 'to_out' ? 'to_out.0' : projection),
  originalParts,
});

const inputsOf = (layer: LoraLayer | undefined): number | undefined =>
  layer?.change && sizeOfChange(layer.change)[1];

/** A UNet and up to two of CLIP's text encoders, by the names of kohya, diffusers and PEFT, and ComfyUI. */
export const unetAndClipTargets: readonly LoraTarget[] = [unet, clipLTarget, clipGTarget];

/** LoRAs of a family with a UNet, whose models differ in the width of the text that it reads. */
export function unetLoras(variants: readonly UnetVariant[]): FamilyLoras {
  const titleOf = (width: number | undefined) => variants.find(({ textWidth }) => textWidth === width)?.title;
  return {
    targets: unetAndClipTargets,
    titleOfLora: ({ layers }: Lora) =>
      titleOf(inputsOf(layers.find(({ module }) => module.endsWith('attn2_to_k')))),
    titleOfModel: (components: Components) =>
      components.unet && titleOf(textWidthOf(components.unet.tensors)),
  };
}
