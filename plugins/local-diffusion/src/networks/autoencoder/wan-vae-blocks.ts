import {
  attention,
  convolution,
  imageToTokens,
  joinTokens,
  linear,
  linearRows,
  silu,
  tokensByImage,
  tokensToImage,
} from '../../graph/blocks/blocks.js';
import type { GraphBuilder, Value } from '../../graph/builder.js';

/** What keeps the norm of zeros from dividing by 0, as torch's `normalize` has it. */
const leastNorm = 1e-12;

interface Channels {
  readonly inputs: number;
  readonly outputs: number;
}

/**
 * A causal convolution over 3 frames of 3 x 3 pixels for a film of one frame, [batch, inputs, height, width].
 * The frames before it are zeros, so that only the last of the kernel counts.
 */
export function frameConvolution(
  graph: GraphBuilder,
  x: Value,
  path: string,
  { inputs, outputs }: Channels,
): Value {
  const film = graph.mount(`${path}.weight`, [outputs, inputs, 3, 3, 3]);
  const one = (value: number) => graph.integers([value]);
  const last = graph.node('Slice', [film, one(2), one(3), one(2)]);
  const kernel = graph.node('Reshape', [last, graph.integers([outputs, inputs, 3, 3])]);
  return graph.node('Conv', [x, kernel, graph.mount(`${path}.bias`, [outputs])], {
    kernel_shape: [3, 3],
    strides: [1, 1],
    pads: [1, 1, 1, 1],
  });
}

/** The norm over the channels of each pixel. Source: diffusers `QwenImageRMS_norm`. */
export function channelNorm(graph: GraphBuilder, x: Value, path: string, channels: number): Value {
  const norms = graph.node('ReduceL2', [x, graph.integers([1])]);
  const normal = graph.node('Div', [x, graph.node('Max', [norms, graph.floats([leastNorm])])]);
  const weight = graph.mount(`${path}.gamma`, [channels, 1, 1]);
  const scale = graph.node('Mul', [weight, graph.floats([Math.sqrt(channels)])]);
  return graph.node('Mul', [normal, scale]);
}

/** diffusers `QwenImageResidualBlock`. */
export function wanResidual(graph: GraphBuilder, x: Value, path: string, shape: Channels): Value {
  const { inputs, outputs } = shape;
  const first = silu(graph, channelNorm(graph, x, `${path}.norm1`, inputs));
  const hidden = frameConvolution(graph, first, `${path}.conv1`, shape);
  const second = silu(graph, channelNorm(graph, hidden, `${path}.norm2`, outputs));
  const change = frameConvolution(graph, second, `${path}.conv2`, { inputs: outputs, outputs });
  const shortcut =
    inputs === outputs ? x : convolution(graph, x, `${path}.conv_shortcut`, { ...shape, kernel: 1 });
  return graph.node('Add', [change, shortcut]);
}

/** diffusers `QwenImageMidBlock`. */
export function wanMiddle(graph: GraphBuilder, x: Value, path: string, channels: number): Value {
  const shape = { inputs: channels, outputs: channels };
  const first = wanResidual(graph, x, `${path}.resnets.0`, shape);
  const seen = pixelAttention(graph, first, `${path}.attentions.0`, channels);
  return wanResidual(graph, seen, `${path}.resnets.1`, shape);
}

/** Attention of all pixels to each other, in one head. Source: diffusers `QwenImageAttentionBlock`. */
function pixelAttention(graph: GraphBuilder, x: Value, path: string, channels: number): Value {
  const tokens = imageToTokens(graph, channelNorm(graph, x, `${path}.norm`, channels), channels);
  const whole = { inputs: channels, outputs: 3 * channels };
  const project = (part: number) => {
    const rows = { first: part * channels, count: channels };
    return tokensByImage(graph, linearRows(graph, tokens, `${path}.to_qkv`, whole, rows), x, channels);
  };
  const seen = attention(graph, { query: project(0), key: project(1), value: project(2), heads: 1 });
  const square = { inputs: channels, outputs: channels };
  const result = linear(graph, joinTokens(graph, seen, channels), `${path}.proj`, square);
  return graph.node('Add', [tokensToImage(graph, result, x, channels), x]);
}
