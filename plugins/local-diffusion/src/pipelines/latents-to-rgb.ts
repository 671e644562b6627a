/** A linear map from a latent's four channels to red, green and blue, -1 to 1. */
export interface LatentColours {
  /** One row a channel. */
  readonly factors: readonly (readonly [red: number, green: number, blue: number])[];
  readonly bias: readonly [red: number, green: number, blue: number];
}

/** Those of Stable Diffusion 1 and 2, and of SDXL, by the factor that their latents are scaled with. */
const coloursByScaling = new Map<number, LatentColours>([
  [
    0.18215,
    {
      factors: [
        [0.3512, 0.2297, 0.3227],
        [0.325, 0.4974, 0.235],
        [-0.2829, 0.1762, 0.2721],
        [-0.212, -0.2616, -0.7177],
      ],
      bias: [0, 0, 0],
    },
  ],
  [
    0.13025,
    {
      factors: [
        [0.3651, 0.4232, 0.4341],
        [-0.2533, -0.0042, 0.1068],
        [0.1076, 0.1111, -0.0362],
        [-0.3165, -0.2492, -0.2188],
      ],
      bias: [0.1084, -0.0175, -0.0011],
    },
  ],
]);

/**
 * The colours of well-known latents, fitted to pairs of latents and pictures: `SD15` and `SDXL` in ComfyUI's
 * `comfy/latent_formats.py`, for latents as samplers leave them.
 *
 * @param scaling the autoencoder's `scaling_factor`: autoencoders with their own latents have another
 * @returns undefined for other latents
 */
export const coloursOf = (channels: number, scaling: number | undefined): LatentColours | undefined =>
  channels === 4 && scaling !== undefined ? coloursByScaling.get(scaling) : undefined;

/** Latents [4, height, width] to planes [3, height, width], about -1 to 1: what a decoder would make, a pixel a latent. */
export function latentsToPlanes(latents: Float32Array, { factors, bias }: LatentColours): Float32Array {
  const pixels = latents.length / factors.length;
  const planes = new Float32Array(3 * pixels);
  for (let colour = 0; colour < 3; colour++) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      let value = bias[colour]!;
      for (let channel = 0; channel < factors.length; channel++) {
        value += factors[channel]![colour]! * latents[channel * pixels + pixel]!;
      }
      planes[colour * pixels + pixel] = value;
    }
  }
  return planes;
}
