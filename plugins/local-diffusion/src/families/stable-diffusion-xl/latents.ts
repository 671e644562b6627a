import type { LatentFormat } from '../components/autoencoder.js';

/** The colours were fitted to pairs of latents and images: `SDXL` in ComfyUI's `latent_formats.py`. */
export const latents: LatentFormat = {
  scaling: 0.13025,
  colours: {
    factors: [
      [0.3651, 0.4232, 0.4341],
      [-0.2533, -0.0042, 0.1068],
      [0.1076, 0.1111, -0.0362],
      [-0.3165, -0.2492, -0.2188],
    ],
    bias: [0.1084, -0.0175, -0.0011],
  },
};
