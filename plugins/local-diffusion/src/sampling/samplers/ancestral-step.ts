import type { NoiseLevel } from '../parameterization/noise-level.js';

/**
 * The deterministic and the random part of an ancestral step from one sigma to the next: `down` squared +
 * `up` squared = `to` squared (k-diffusion's `get_ancestral_step`). In float32, as torch does it: on long
 * steps `down` is a small difference of large squares.
 */
export function ancestralStep(from: number, to: number): { readonly down: number; readonly up: number } {
  const [fromSquared, toSquared] = [Math.fround(from * from), Math.fround(to * to)];
  const product = Math.fround(toSquared * Math.fround(fromSquared - toSquared));
  const up = Math.fround(Math.sqrt(Math.fround(product / fromSquared)));
  return { up, down: Math.fround(Math.sqrt(Math.fround(toSquared - Math.fround(up * up)))) };
}

/** An ancestral step between two levels. */
export interface LevelStep {
  /** The sigma that the deterministic part goes down to. */
  readonly down: number;
  /** What the latents there are multiplied by, so that the image's share is the next level's. */
  readonly keep: number;
  /** The deviation of the noise that is added. */
  readonly up: number;
}

/**
 * {@link ancestralStep} in k-diffusion's scale, and along a flow ComfyUI's `sample_dpmpp_2s_ancestral_RF`.
 */
export function ancestralLevelStep(from: NoiseLevel, to: NoiseLevel): LevelStep {
  if (from.alpha === 1) return { ...ancestralStep(from.sigma, to.sigma), keep: 1 };
  const down = to.sigma ** 2 / from.sigma;
  const keep = to.alpha / (1 - down);
  return { down, keep, up: Math.sqrt(Math.max(to.sigma ** 2 - (down * keep) ** 2, 0)) };
}
