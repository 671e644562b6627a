/**
 * The kinds of nodes that Easel knows, with their inputs as ComfyUI declares them.
 *
 * @module
 */

/** Types of what goes from node to node. */
export type LinkType = 'MODEL' | 'CLIP' | 'VAE' | 'CONDITIONING' | 'LATENT' | 'IMAGE' | 'MASK';

/** What an input takes: an output of another node, a number, text, a flag, or one of a list. */
export type Input =
  | { readonly type: LinkType }
  | { readonly type: 'INT' | 'FLOAT'; readonly default: number; readonly min: number; readonly max: number }
  | { readonly type: 'STRING'; readonly default: string }
  /** Absent options: whatever is named is taken, and the list only offers. */
  | {
      readonly type: 'COMBO';
      readonly list: ListName | readonly string[];
      readonly isOpen?: true;
    };

/** Lists that depend on what there is. */
export type ListName = 'models' | 'loras' | 'samplers' | 'schedulers' | 'files';

export interface NodeKind {
  readonly category: string;
  readonly required: Readonly<Record<string, Input>>;
  readonly optional?: Readonly<Record<string, Input>>;
  readonly output: readonly LinkType[];
  /** Whether graphs are read from it. */
  readonly isOutput?: true;
}

const link = (type: LinkType): Input => ({ type });
const int = (standard: number, min: number, max: number): Input => ({
  ...{ type: 'INT', default: standard },
  ...{ min, max },
});
const float = (standard: number, min: number, max: number): Input => ({
  ...{ type: 'FLOAT', default: standard },
  ...{ min, max },
});
const text = (standard = ''): Input => ({ type: 'STRING', default: standard });
const list = (name: ListName | readonly string[]): Input => ({ type: 'COMBO', list: name });
/** Of files that Easel takes from the model itself. */
const ofModel: Input = { type: 'COMBO', list: ['automatic'], isOpen: true };
/** Samplers have many names; whoever makes the image tells which it does not know. */
const sampler = { sampler_name: { type: 'COMBO', list: 'samplers', isOpen: true } } as const;
const scheduler = { scheduler: { type: 'COMBO', list: 'schedulers', isOpen: true } } as const;

const seed = int(0, 0, 2 ** 64);
const steps = int(20, 1, 1000);
const cfg = float(8, 0, 100);
const edge = (standard: number) => int(standard, 16, 16_384);
const emptyLatent = { width: edge(512), height: edge(512), batch_size: int(1, 1, 32) };
const strength = float(1, -100, 100);
const sampled = {
  positive: link('CONDITIONING'),
  negative: link('CONDITIONING'),
  latent_image: link('LATENT'),
};
const shift = (standard: number) => ({ model: link('MODEL'), shift: float(standard, 0, 100) });

export const nodeKinds: Readonly<Record<string, NodeKind>> = {
  CheckpointLoaderSimple: {
    category: 'loaders',
    required: { ckpt_name: list('models') },
    output: ['MODEL', 'CLIP', 'VAE'],
  },
  UNETLoader: {
    category: 'advanced/loaders',
    required: { unet_name: list('models'), weight_dtype: { ...ofModel, list: ['default'] } },
    output: ['MODEL'],
  },
  CLIPLoader: {
    category: 'advanced/loaders',
    required: { clip_name: ofModel },
    optional: { type: ofModel, device: ofModel },
    output: ['CLIP'],
  },
  DualCLIPLoader: {
    category: 'advanced/loaders',
    required: { clip_name1: ofModel, clip_name2: ofModel },
    optional: { type: ofModel, device: ofModel },
    output: ['CLIP'],
  },
  TripleCLIPLoader: {
    category: 'advanced/loaders',
    required: { clip_name1: ofModel, clip_name2: ofModel, clip_name3: ofModel },
    output: ['CLIP'],
  },
  VAELoader: { category: 'loaders', required: { vae_name: ofModel }, output: ['VAE'] },
  LoraLoader: {
    category: 'loaders',
    required: {
      ...{ model: link('MODEL'), clip: link('CLIP'), lora_name: list('loras') },
      ...{ strength_model: strength, strength_clip: strength },
    },
    output: ['MODEL', 'CLIP'],
  },
  LoraLoaderModelOnly: {
    category: 'loaders',
    required: { model: link('MODEL'), lora_name: list('loras'), strength_model: strength },
    output: ['MODEL'],
  },
  ModelSamplingSD3: { category: 'advanced/model', required: shift(3), output: ['MODEL'] },
  ModelSamplingAuraFlow: { category: 'advanced/model', required: shift(1.73), output: ['MODEL'] },
  CLIPSetLastLayer: {
    category: 'conditioning',
    required: { clip: link('CLIP'), stop_at_clip_layer: int(-1, -24, -1) },
    output: ['CLIP'],
  },
  CLIPTextEncode: {
    category: 'conditioning',
    required: { text: text(), clip: link('CLIP') },
    output: ['CONDITIONING'],
  },
  FluxGuidance: {
    category: 'advanced/conditioning',
    required: { conditioning: link('CONDITIONING'), guidance: float(3.5, 0, 100) },
    output: ['CONDITIONING'],
  },
  ConditioningZeroOut: {
    category: 'advanced/conditioning',
    required: { conditioning: link('CONDITIONING') },
    output: ['CONDITIONING'],
  },
  EmptyLatentImage: { category: 'latent', required: emptyLatent, output: ['LATENT'] },
  EmptySD3LatentImage: { category: 'latent/sd3', required: emptyLatent, output: ['LATENT'] },
  RepeatLatentBatch: {
    category: 'latent/batch',
    required: { samples: link('LATENT'), amount: int(1, 1, 32) },
    output: ['LATENT'],
  },
  VAEEncode: {
    category: 'latent',
    required: { pixels: link('IMAGE'), vae: link('VAE') },
    output: ['LATENT'],
  },
  VAEEncodeForInpaint: {
    category: 'latent/inpaint',
    required: { pixels: link('IMAGE'), vae: link('VAE'), mask: link('MASK'), grow_mask_by: int(6, 0, 64) },
    output: ['LATENT'],
  },
  SetLatentNoiseMask: {
    category: 'latent/inpaint',
    required: { samples: link('LATENT'), mask: link('MASK') },
    output: ['LATENT'],
  },
  KSampler: {
    category: 'sampling',
    required: {
      model: link('MODEL'),
      seed,
      steps,
      cfg,
      ...sampler,
      ...scheduler,
      ...sampled,
      denoise: float(1, 0, 1),
    },
    output: ['LATENT'],
  },
  KSamplerAdvanced: {
    category: 'sampling',
    required: {
      ...{ model: link('MODEL'), add_noise: list(['enable', 'disable']), noise_seed: seed, steps, cfg },
      ...{ ...sampler, ...scheduler, ...sampled },
      ...{ start_at_step: int(0, 0, 10_000), end_at_step: int(10_000, 0, 10_000) },
      return_with_leftover_noise: list(['disable', 'enable']),
    },
    output: ['LATENT'],
  },
  VAEDecode: {
    category: 'latent',
    required: { samples: link('LATENT'), vae: link('VAE') },
    output: ['IMAGE'],
  },
  LoadImage: { category: 'image', required: { image: list('files') }, output: ['IMAGE', 'MASK'] },
  LoadImageMask: {
    category: 'mask',
    required: { image: list('files'), channel: list(['alpha', 'red', 'green', 'blue']) },
    output: ['MASK'],
  },
  ImageToMask: {
    category: 'mask',
    required: { image: link('IMAGE'), channel: list(['red', 'green', 'blue']) },
    output: ['MASK'],
  },
  InvertMask: { category: 'mask', required: { mask: link('MASK') }, output: ['MASK'] },
  SaveImage: {
    category: 'image',
    required: { images: link('IMAGE') },
    optional: { filename_prefix: text('ComfyUI') },
    output: [],
    isOutput: true,
  },
  PreviewImage: { category: 'image', required: { images: link('IMAGE') }, output: [], isOutput: true },
};
