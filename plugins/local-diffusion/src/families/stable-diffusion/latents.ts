import type { LatentFormat } from '../components/autoencoder.js';

/**
 * Latents of Stable Diffusion 1 and 2. The colours were fitted to pairs of latents and images: `SD15` in
 * ComfyUI's `latent_formats.py`.
 */
export const latents: LatentFormat = {
  scaling: 0.18215,
  colours: {
    factors: [
      [0.3512, 0.2297, 0.3227],
      [0.325, 0.4974, 0.235],
      [-0.2829, 0.1762, 0.2721],
      [-0.212, -0.2616, -0.7177],
    ],
    bias: [0, 0, 0],
  },
};
