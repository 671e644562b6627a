/**
 * Kinds of nodes as `/object_info` tells them, for workflows that make one image of words, or of another
 * image and a mask.
 *
 * @module
 */
type Spec = readonly [string | readonly string[], { readonly [name: string]: unknown }?];

export interface Kind {
  readonly input: { readonly required: { readonly [name: string]: Spec } };
  readonly output: readonly string[];
  readonly output_node: boolean;
}

const number = (type: 'INT' | 'FLOAT', min: number, max: number): Spec => [type, { default: min, min, max }];
const kind = (required: Kind['input']['required'], output: readonly string[], isEnd = false): Kind => ({
  input: { required },
  output,
  output_node: isEnd,
});

export const samplers = ['euler', 'euler_ancestral', 'dpmpp_2m'];
export const schedulers = ['normal', 'karras', 'simple'];
export const checkpoints = ['first.safetensors', 'second.safetensors'];
const edge = number('INT', 16, 16_384);
const link = (type: string): Spec => [type];

/** @param files names in the input folder */
export const kindsWith = (files: readonly string[]): Readonly<{ [name: string]: Kind }> => ({
  CheckpointLoaderSimple: kind({ ckpt_name: [checkpoints] }, ['MODEL', 'CLIP', 'VAE']),
  CLIPTextEncode: kind({ text: ['STRING', { multiline: true }], clip: link('CLIP') }, ['CONDITIONING']),
  EmptyLatentImage: kind({ width: edge, height: edge, batch_size: number('INT', 1, 4096) }, ['LATENT']),
  KSampler: kind(
    {
      model: link('MODEL'),
      seed: number('INT', 0, Number.MAX_SAFE_INTEGER),
      steps: number('INT', 1, 10_000),
      cfg: number('FLOAT', 0, 100),
      sampler_name: [samplers],
      // The form of newer servers.
      scheduler: ['COMBO', { options: schedulers }],
      positive: link('CONDITIONING'),
      negative: link('CONDITIONING'),
      latent_image: link('LATENT'),
      denoise: number('FLOAT', 0, 1),
    },
    ['LATENT'],
  ),
  VAEDecode: kind({ samples: link('LATENT'), vae: link('VAE') }, ['IMAGE']),
  VAEEncode: kind({ pixels: link('IMAGE'), vae: link('VAE') }, ['LATENT']),
  SetLatentNoiseMask: kind({ samples: link('LATENT'), mask: link('MASK') }, ['LATENT']),
  LoadImage: kind({ image: [files, { image_upload: true }] }, ['IMAGE', 'MASK']),
  LoadImageMask: kind(
    { image: [files, { image_upload: true }], channel: [['alpha', 'red', 'green', 'blue']] },
    ['MASK'],
  ),
  SaveImage: kind({ images: link('IMAGE'), filename_prefix: ['STRING', {}] }, [], true),
  PreviewImage: kind({ images: link('IMAGE') }, [], true),
});
