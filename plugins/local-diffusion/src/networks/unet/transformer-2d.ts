import {
  attention,
  gelu,
  groupNorm,
  imageToTokens,
  joinTokens,
  layerNorm,
  linear,
  linearRows,
  tokensByImage,
  tokensToImage,
} from '../../graph/blocks/blocks.js';
import type { GraphBuilder, Value } from '../../graph/builder.js';

/** What the pictures attend to: the tokens of the prompts, [batch * tokens, width]. */
export interface Context {
  readonly tokens: Value;
  readonly width: number;
}

export interface TransformerShape {
  readonly channels: number;
  readonly heads: number;
  readonly layers: number;
  readonly groups: number;
}

/**
 * `Transformer2DModel`'s own group norm and `BasicTransformerBlock`'s layer norms have these whatever the
 * config says.
 */
const groupNormEpsilon = 1e-6;
const layerNormEpsilon = 1e-5;
/** `FeedForward`'s hidden layer is this many times as wide as its input. */
const feedForwardFactor = 4;

/**
 * Spatial transformer with cross-attention, [batch, channels, height, width] to the same. `proj_in` and
 * `proj_out` may be linear layers or 1x1 convolutions: both are the same matrix.
 * Source: diffusers `Transformer2DModel` (models/transformers/transformer_2d.py), continuous input.
 */
export function transformer2d(
  graph: GraphBuilder,
  x: Value,
  path: string,
  shape: TransformerShape,
  context: Context,
): Value {
  const { channels, layers, groups } = shape;
  const square = { inputs: channels, outputs: channels };
  const normal = groupNorm(graph, x, `${path}.norm`, { channels, groups, epsilon: groupNormEpsilon });
  let tokens = linear(graph, imageToTokens(graph, normal, channels), `${path}.proj_in`, square);
  for (let layer = 0; layer < layers; layer += 1) {
    tokens = transformerBlock(graph, tokens, `${path}.transformer_blocks.${layer}`, shape, context, x);
  }
  tokens = linear(graph, tokens, `${path}.proj_out`, square);
  return graph.node('Add', [tokensToImage(graph, tokens, x, channels), x]);
}

/**
 * Source: diffusers `BasicTransformerBlock` (models/attention.py). `tokens` is [batch * pixels, channels].
 */
function transformerBlock(
  graph: GraphBuilder,
  tokens: Value,
  path: string,
  shape: TransformerShape,
  context: Context,
  image: Value,
): Value {
  const { channels } = shape;
  const normal = (x: Value, name: string) =>
    layerNorm(graph, x, `${path}.${name}`, { width: channels, epsilon: layerNormEpsilon });
  const attend = (x: Value, name: string, to: Context) =>
    attentionLayer(graph, x, `${path}.${name}`, shape, to, image);

  const own = normal(tokens, 'norm1');
  let sum = graph.node('Add', [attend(own, 'attn1', { tokens: own, width: channels }), tokens]);
  sum = graph.node('Add', [attend(normal(sum, 'norm2'), 'attn2', context), sum]);
  return graph.node('Add', [feedForward(graph, normal(sum, 'norm3'), `${path}.ff`, channels), sum]);
}

/**
 * Source: diffusers `Attention` (models/attention_processor.py), no bias but for the projection of the
 * result.
 */
function attentionLayer(
  graph: GraphBuilder,
  tokens: Value,
  path: string,
  { channels, heads }: TransformerShape,
  context: Context,
  image: Value,
): Value {
  const project = (x: Value, name: string, inputs: number) =>
    tokensByImage(
      graph,
      linear(graph, x, `${path}.${name}`, { inputs, outputs: channels, bias: false }),
      image,
      channels,
    );
  const result = attention(graph, {
    query: project(tokens, 'to_q', channels),
    key: project(context.tokens, 'to_k', context.width),
    value: project(context.tokens, 'to_v', context.width),
    heads,
  });
  const rows = joinTokens(graph, result, channels);
  return linear(graph, rows, `${path}.to_out.0`, { inputs: channels, outputs: channels });
}

/**
 * Source: diffusers `FeedForward` with `GEGLU` (models/activations.py): the first half is kept, the second
 * half gates it.
 */
function feedForward(graph: GraphBuilder, tokens: Value, path: string, channels: number): Value {
  const width = channels * feedForwardFactor;
  const projection = { inputs: channels, outputs: 2 * width };
  const half = (first: number) =>
    linearRows(graph, tokens, `${path}.net.0.proj`, projection, { first, count: width });
  const gated = graph.node('Mul', [half(0), gelu(graph, half(width))]);
  return linear(graph, gated, `${path}.net.2`, { inputs: width, outputs: channels });
}
