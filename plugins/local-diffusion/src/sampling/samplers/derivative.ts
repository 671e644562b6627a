/**
 * d(latents)/d(sigma), k-diffusion's `to_d`: the noise per unit of sigma that a denoised image leaves in
 * latents. In float32 steps as torch takes them: sigma can be 4096, and then they show in the result. Along a
 * flow it is the flow's velocity.
 */
export function toDerivative(latents: Float32Array, denoised: Float32Array, sigma: number): Float32Array {
  const level = Math.fround(sigma);
  return latents.map((x, i) => Math.fround(x - denoised[i]!) / level);
}

/** An Euler step along a derivative, over `distance` in sigma. In float32 steps. */
export function moveAlong(latents: Float32Array, derivative: Float32Array, distance: number): Float32Array {
  const step = Math.fround(distance);
  return latents.map((x, i) => x + Math.fround(derivative[i]! * step));
}
