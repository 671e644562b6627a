import { silu } from '../../../graph/blocks/blocks.js';
import type { Value } from '../../../graph/builder.js';
import {
  type AttentionScope,
  attend,
  attendToBoth,
  type Streams,
} from '../../../networks/diffusion-transformer/joint-attention.js';
import {
  addGated,
  type BlockModulation,
  type Modulation,
  modulatedNorm,
} from '../../../networks/diffusion-transformer/modulation.js';
import { headNorm, tokenLinear, tokenRows } from '../../../networks/diffusion-transformer/token-layers.js';

/** What all blocks of FLUX.2 share. */
export interface Flux2Scope extends AttentionScope {
  /** Of the feed-forward layers. */
  readonly innerWidth: number;
}

/** Text and image attend to both, and are worked on apart otherwise. diffusers: `Flux2TransformerBlock`. */
export function flux2DoubleBlock(
  scope: Flux2Scope,
  { text, image }: Streams,
  path: string,
  modulation: { readonly text: BlockModulation; readonly image: BlockModulation },
): Streams {
  const { graph, width, innerWidth } = scope;
  const normal = {
    text: modulatedNorm(graph, text, modulation.text[0], width),
    image: modulatedNorm(graph, image, modulation.image[0], width),
  };
  const seen = attendToBoth(scope, normal, `${path}.attn`);
  const layer = (x: Value, name: string) =>
    tokenLinear(graph, x, `${path}.${name}`, { inputs: width, outputs: width, bias: false });
  const feedOn = (x: Value, name: string, inner: Modulation) => {
    const read = modulatedNorm(graph, x, inner, width);
    const whole = { inputs: width, outputs: 2 * innerWidth, bias: false };
    const half = (first: number) =>
      tokenRows(graph, read, `${path}.${name}.linear_in`, whole, { first, count: innerWidth });
    const gated = graph.node('Mul', [silu(graph, half(0)), half(innerWidth)]);
    const shape = { inputs: innerWidth, outputs: width, bias: false };
    return addGated(graph, x, inner.gate, tokenLinear(graph, gated, `${path}.${name}.linear_out`, shape));
  };
  const newImage = addGated(graph, image, modulation.image[0].gate, layer(seen.image, 'attn.to_out.0'));
  const newText = addGated(graph, text, modulation.text[0].gate, layer(seen.text, 'attn.to_add_out'));
  return {
    text: feedOn(newText, 'ff_context', modulation.text[1]),
    image: feedOn(newImage, 'ff', modulation.image[1]),
  };
}

/**
 * Attention and feed-forward layers beside each other, each side of one matrix. diffusers:
 * `Flux2SingleTransformerBlock`.
 */
export function flux2SingleBlock(
  scope: Flux2Scope,
  tokens: Value,
  path: string,
  modulation: Modulation,
): Value {
  const { graph, width, innerWidth, heads, headWidth } = scope;
  const normal = modulatedNorm(graph, tokens, modulation, width);
  const whole = { inputs: width, outputs: 3 * width + 2 * innerWidth, bias: false };
  const rows = (first: number, count: number) =>
    tokenRows(graph, normal, `${path}.attn.to_qkv_mlp_proj`, whole, { first, count });
  const normed = (first: number, name: string) =>
    headNorm(graph, rows(first, width), `${path}.attn.${name}`, { heads, headWidth });
  const seen = attend(scope, {
    query: normed(0, 'norm_q'),
    key: normed(width, 'norm_k'),
    value: rows(2 * width, width),
  });
  const gate = silu(graph, rows(3 * width, innerWidth));
  const inner = graph.node('Mul', [gate, rows(3 * width + innerWidth, innerWidth)]);
  const both = graph.node('Concat', [seen, inner], { axis: -1 });
  const change = tokenLinear(graph, both, `${path}.attn.to_out`, {
    inputs: width + innerWidth,
    outputs: width,
    bias: false,
  });
  return addGated(graph, tokens, modulation.gate, change);
}
