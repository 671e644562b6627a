/**
 * Classifier-free guidance: from the unconditional prediction past the conditional one.
 * `prediction` holds both, [unconditional; conditional]; `into` takes the result, half as long.
 * Source: Ho and Salimans, "Classifier-Free Diffusion Guidance", arXiv 2207.12598.
 */
export function applyGuidance(prediction: Float32Array, scale: number, into: Float32Array): Float32Array {
  const count = into.length;
  for (let index = 0; index < count; index++) {
    const unconditional = prediction[index] as number;
    into[index] = unconditional + scale * ((prediction[count + index] as number) - unconditional);
  }
  return into;
}

/**
 * Puts in place of the conditional half of `prediction` what several prompts make together: the unconditional
 * one, led towards each by its weight (`combine_denoised` in stable-diffusion-webui's
 * `modules/sd_samplers_cfg_denoiser.py`). Source: Liu et al. 2022, "Compositional Visual Generation with
 * Composable Diffusion Models", arXiv 2206.01714.
 *
 * @param further conditional predictions of the prompts behind the first, each half as long as `prediction`
 * @param weights of each prompt, one number an image
 */
export function composePredictions(
  prediction: Float32Array,
  further: readonly Float32Array[],
  weights: readonly (readonly number[])[],
): void {
  const half = prediction.length / 2;
  const [unconditional, composed] = [prediction.subarray(0, half), prediction.subarray(half)];
  const parts = [composed.slice(), ...further];
  const size = half / weights[0]!.length;
  for (let index = 0; index < half; index++) {
    const image = Math.floor(index / size);
    const from = unconditional[index]!;
    let value = from;
    for (const [part, own] of parts.entries()) value += weights[part]![image]! * (own[index]! - from);
    composed[index] = value;
  }
}

/**
 * Scales a guided prediction down, in place and image by image, where it is more than `limit` times as large
 * as the conditional one.
 */
export function limitGuidance(
  guided: Float32Array,
  conditional: Float32Array,
  images: number,
  limit: number,
): void {
  const size = guided.length / images;
  for (let image = 0; image < images; image++) {
    const own = guided.subarray(image * size, (image + 1) * size);
    const most = limit * euclideanNorm(conditional.subarray(image * size, (image + 1) * size));
    const norm = euclideanNorm(own);
    if (norm > most) for (let index = 0; index < size; index++) own[index] = own[index]! * (most / norm);
  }
}

/**
 * Brings each patch of a guided prediction, in place, to the norm that it has in the conditional one. Source:
 * diffusers `QwenImagePipeline.__call__`, token by token.
 *
 * @param shape of one image: channels, height, width
 * @param edge latents along the edge of a patch
 */
export function keepNorms(
  guided: Float32Array,
  conditional: Float32Array,
  [channels = 0, height = 0, width = 0]: readonly number[],
  edge: number,
): void {
  const columns = width / edge;
  const patches = (height / edge) * columns;
  const size = channels * height * width;
  for (let image = 0; image < guided.length; image += size) {
    const [own, wanted] = [new Float64Array(patches), new Float64Array(patches)];
    const patchOf = (index: number) =>
      Math.floor(Math.floor((index / width) % height) / edge) * columns + Math.floor((index % width) / edge);
    for (let index = 0; index < size; index++) {
      const patch = patchOf(index);
      own[patch]! += guided[image + index]! ** 2;
      wanted[patch]! += conditional[image + index]! ** 2;
    }
    for (let index = 0; index < size; index++) {
      const patch = patchOf(index);
      // Nothing has no direction.
      if (own[patch]! > 0)
        guided[image + index] = guided[image + index]! * Math.sqrt(wanted[patch]! / own[patch]!);
    }
  }
}

function euclideanNorm(values: Float32Array): number {
  let squares = 0;
  for (const value of values) squares += value ** 2;
  return Math.sqrt(squares);
}

/** Leads a guided prediction, in place, from a weakened one on past the conditional one. */
export function leadAway(
  guided: Float32Array,
  conditional: Float32Array,
  weakened: Float32Array,
  scale: number,
): void {
  for (let index = 0; index < guided.length; index++)
    guided[index] = guided[index]! + scale * (conditional[index]! - weakened[index]!);
}

/**
 * Brings the guided prediction back to the spread of the conditional one, image by image, in place; `share` 0
 * leaves it, 1 does it fully. Source: Lin et al., "Common Diffusion Noise Schedules and Sample Steps are
 * Flawed", arXiv 2305.08891, section 3.4.
 */
export function rescaleGuidance(
  guided: Float32Array,
  conditional: Float32Array,
  images: number,
  share: number,
): void {
  const size = guided.length / images;
  for (let image = 0; image < images; image++) {
    const own = guided.subarray(image * size, (image + 1) * size);
    const target = standardDeviation(conditional.subarray(image * size, (image + 1) * size));
    const factor = share * (target / standardDeviation(own)) + 1 - share;
    for (let index = 0; index < size; index++) own[index] = (own[index] as number) * factor;
  }
}

/** With Bessel's correction, as torch's `std`. */
function standardDeviation(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return Math.sqrt(squares / (values.length - 1));
}

/**
 * The embedding of a guidance scale for networks that were distilled with it (LCM): sines, then cosines, of
 * (scale - 1) x 1000. Source: Luo et al., "Latent Consistency Models", arXiv 2310.04378; diffusers
 * `get_guidance_scale_embedding`.
 */
export function embedGuidance(scale: number, size: number): Float32Array {
  const half = Math.floor(size / 2);
  const embedding = new Float32Array(size);
  for (let index = 0; index < half; index++) {
    const angle = (scale - 1) * 1000 * Math.exp((-Math.log(10_000) * index) / (half - 1));
    embedding[index] = Math.sin(angle);
    embedding[half + index] = Math.cos(angle);
  }
  return embedding;
}
