import type { Shapes } from '../../reference/original-checkpoint.js';

type Rule = readonly [name: RegExp, tokens: (image: number, text: number) => number];

/** Tokens that a layer sees, by its name: those of the image, of the text, or all of them. */
const layers: readonly Rule[] = [
  [/\.(img_mlp|img_attn)\.|^noise_refiner\..*(attention|feed_forward)\./, (image) => image],
  [/\.(txt_mlp|txt_attn)\.|^context_refiner\..*(attention|feed_forward)\./, (_, text) => text],
  [/^single_blocks\..*\.linear|^layers\..*(attention|feed_forward)\./, (image, text) => image + text],
];
/** A layer that each attention has once, and the tokens that attend to one another there. */
const attentions: readonly Rule[] = [
  [/^noise_refiner\..*\.qkv\.weight$/, (image) => image],
  [/^context_refiner\..*\.qkv\.weight$/, (_, text) => text],
  [/(\.img_attn\.qkv|^single_blocks\..*\.linear1|^layers\..*\.qkv)\.weight$/, (image, text) => image + text],
];

/**
 * Floating point operations of one step, two for a product and its sum: the matrices of the blocks, and
 * attention. What is left out (modulations, first and last layers) is below one in a hundred.
 */
export function countOperations(
  shapes: Shapes,
  width: number,
  tokens: { image: number; text: number },
): number {
  const seen = (rules: readonly Rule[], name: string) =>
    rules.find(([pattern]) => pattern.test(name))?.[1](tokens.image, tokens.text) ?? 0;
  let operations = 0;
  for (const [name, shape] of Object.entries(shapes)) {
    const [rows = 0, columns = 0] = shape;
    operations += 2 * rows * columns * seen(layers, name) + 4 * width * seen(attentions, name) ** 2;
  }
  return operations;
}
