import type { Shapes } from '../../reference/original-checkpoint.js';

/** Text tokens that a denoising network reads. */
const textTokens = 77;

/**
 * Edge of the latents that a block of the original layout works on, of those that come in: its convolutions
 * and layers.
 */
function edgeOf(name: string, latentEdge: number, levels: number): number {
  const coarsest = levels - 1;
  const [, side, index] = /^(input|output)_blocks\.(\d+)\./.exec(name) ?? [];
  const level = Math.floor(Number(index) / 3);
  if (side === 'input') return latentEdge / 2 ** Math.min(coarsest, level);
  if (side !== 'output') return name.startsWith('middle_block') ? latentEdge / 2 ** coarsest : latentEdge;
  // The last of three doubles the size, and convolves what it has doubled.
  const isUpsampling = Number(index) % 3 === 2 && /\.(1|2)\.conv\./.test(name);
  return latentEdge / 2 ** (coarsest - level - (isUpsampling ? 1 : 0));
}

/**
 * Floating-point operations (a multiplication and an addition are two) of one image through a denoising
 * network of the original layout, by the number of its levels.
 */
export function countUnetOperations(unet: Shapes, latentEdge: number, levels: number): number {
  let multiplications = 0;
  for (const [name, shape] of Object.entries(unet)) {
    if (!name.endsWith('.weight') || shape.length < 2) continue;
    const size = shape.reduce((one, other) => one * other, 1);
    const tokens = edgeOf(name, latentEdge, levels) ** 2;
    if (/time_embed|emb_layers|label_emb/.test(name)) multiplications += size;
    else if (/attn2\.to_[kv]/.test(name)) multiplications += size * textTokens;
    else multiplications += size * tokens;
    // Scores and their sums: each reads every token of the other side, once for the keys and once for the
    // values.
    if (/attn1\.to_q/.test(name)) multiplications += 2 * tokens * tokens * (shape[0] ?? 0);
    if (/attn2\.to_q/.test(name)) multiplications += 2 * tokens * textTokens * (shape[0] ?? 0);
  }
  return 2 * multiplications;
}
