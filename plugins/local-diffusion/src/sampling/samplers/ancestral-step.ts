/**
 * The deterministic and the random part of an ancestral step from one sigma to the next: `down` squared + `up` squared = `to` squared
 * (k-diffusion's `get_ancestral_step`). In float32, as torch does it: on long steps `down` is a small difference of large squares.
 */
export function ancestralStep(from: number, to: number): { readonly down: number; readonly up: number } {
  const [fromSquared, toSquared] = [Math.fround(from * from), Math.fround(to * to)];
  const product = Math.fround(toSquared * Math.fround(fromSquared - toSquared));
  const up = Math.fround(Math.sqrt(Math.fround(product / fromSquared)));
  return { up, down: Math.fround(Math.sqrt(Math.fround(toSquared - Math.fround(up * up)))) };
}
