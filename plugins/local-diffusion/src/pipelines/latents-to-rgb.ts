/** A linear map from a latent's channels to red, green and blue, -1 to 1. */
export interface LatentColours {
  /** One row a channel. */
  readonly factors: readonly (readonly [red: number, green: number, blue: number])[];
  readonly bias: readonly [red: number, green: number, blue: number];
}

/**
 * Latents [channels, height, width] to planes [3, height, width], about -1 to 1: what a decoder would make, a
 * pixel a latent.
 */
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
