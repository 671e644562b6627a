/** Nodes of a workflow, by their ids. */
export type Graph = Record<string, { class_type: string; inputs: Record<string, unknown> }>;

interface Asked {
  readonly text: string;
  readonly sampler?: object;
  readonly empty?: object;
  /** Nodes that take the place of others, or stand beside them. */
  readonly nodes?: Graph;
}

/** ComfyUI's own text-to-image workflow, as it exports it. */
export const textToImage = ({ text, sampler = {}, empty = {}, nodes = {} }: Asked): Graph => ({
  3: {
    class_type: 'KSampler',
    inputs: {
      ...{ model: ['4', 0], positive: ['6', 0], negative: ['7', 0], latent_image: ['5', 0] },
      ...{ seed: 8, steps: 20, cfg: 8, sampler_name: 'euler', scheduler: 'normal', denoise: 1 },
      ...sampler,
    },
  },
  4: { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'brush' } },
  5: { class_type: 'EmptyLatentImage', inputs: { width: 64, height: 64, batch_size: 1, ...empty } },
  6: { class_type: 'CLIPTextEncode', inputs: { text, clip: ['4', 1] } },
  7: { class_type: 'CLIPTextEncode', inputs: { text: 'fog', clip: ['4', 1] } },
  8: { class_type: 'VAEDecode', inputs: { samples: ['3', 0], vae: ['4', 2] } },
  9: { class_type: 'SaveImage', inputs: { images: ['8', 0], filename_prefix: 'ComfyUI' } },
  ...nodes,
});

/** ComfyUI's own inpainting workflow: what is transparent in the file is painted. */
export const inpainting = (text: string, file: string, encoder: 'VAEEncode' | 'VAEEncodeForInpaint'): Graph =>
  textToImage({
    text,
    nodes: {
      10: { class_type: 'LoadImage', inputs: { image: file } },
      11: {
        class_type: encoder,
        inputs: {
          ...{ pixels: ['10', 0], vae: ['4', 2] },
          ...(encoder === 'VAEEncode' ? {} : { mask: ['10', 1], grow_mask_by: 6 }),
        },
      },
      5:
        encoder === 'VAEEncode'
          ? { class_type: 'SetLatentNoiseMask', inputs: { samples: ['11', 0], mask: ['10', 1] } }
          : { class_type: 'RepeatLatentBatch', inputs: { samples: ['11', 0], amount: 1 } },
    },
  });
