/** What an encoder makes of a picture: a normal distribution for each latent. */
export interface Posterior {
  /** Latents of the one picture. */
  readonly count: number;
  /** Latents as the sampler takes them, from `count` numbers of the standard normal distribution. */
  draw(noise: Float32Array): Float32Array;
}

/**
 * Reads an autoencoder's output, [1, 2 * channels, height, width]: means, then logarithms of variances, which
 * are clamped to -30..20. Latents are (drawn - mean) * scaling / deviation, mean and deviation being those of
 * a channel of all latents. Source: diffusers `DiagonalGaussianDistribution` (models/autoencoders/vae.py).
 */
export function readPosterior(
  moments: Float32Array,
  latents: {
    readonly scaling: number;
    readonly means: readonly number[];
    readonly deviations: readonly number[];
  },
): Posterior {
  const count = moments.length / 2;
  const channelSize = count / latents.means.length;
  const scales = latents.deviations.map((deviation) => latents.scaling / deviation);
  const means = moments.subarray(0, count);
  const deviations = moments.slice(count).map((value) => Math.exp(0.5 * Math.min(20, Math.max(-30, value))));
  return {
    count,
    draw: (noise) =>
      means.map((mean, index) => {
        const channel = Math.floor(index / channelSize);
        const drawn = Math.fround(mean + Math.fround(deviations[index]! * noise[index]!));
        return scales[channel]! * (drawn - latents.means[channel]!);
      }),
  };
}
