/** Other things that come as one .safetensors file, by a name in it. */
const foreign: readonly { readonly name: RegExp; readonly what: string }[] = [
  { name: /^control_model\.|^controlnet_|^input_hint_block\./, what: 'a ControlNet' },
  { name: /lora|hada_w1|lokr_w1/, what: 'a LoRA, which changes a checkpoint and is none' },
  { name: /^(down_blocks|up_blocks|text_model)\./, what: 'one network of a diffusers folder' },
  { name: /^(first_stage_model\.)?(encoder|decoder)\./, what: 'an autoencoder alone' },
  { name: /^(emb_params|clip_[lg]|\*)$/, what: 'a textual inversion' },
];

/** What a file that is of no family seems to be, by the names of its tensors. */
export function foreignFile(names: Iterable<string>): string | undefined {
  const list = [...names];
  return foreign.find(({ name }) => list.some((each) => name.test(each)))?.what;
}
