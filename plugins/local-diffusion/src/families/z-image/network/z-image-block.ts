import { attention, type Rotation, rmsNorm, rotate } from '../../../graph/blocks/blocks.js';
import type { GraphBuilder, Value } from '../../../graph/builder.js';
import { addGated, modulationParts } from '../../../networks/diffusion-transformer/modulation.js';
import { headNorm, tokenLinear } from '../../../networks/diffusion-transformer/token-layers.js';
import { gatedLayers } from '../../../networks/gated-layers.js';
import type { ZImageConfig } from './z-image-config.js';

/** Numbers of the embedding of a time that modulates, if the network is not less wide. */
export const modulationInputs = ({ width }: Pick<ZImageConfig, 'width'>): number => Math.min(width, 256);

/** What a block reads beside its tokens. */
export interface BlockInputs {
  readonly rotation: Rotation;
  /** Of the time, [1 or batch, modulationInputs]. Absent: the block is not modulated. */
  readonly embedding?: Value;
}

/**
 * A block of Z-Image: [batch, tokens, width] to the same. Norms before and after attention and feed-forward
 * layers; the modulation scales without shifting, and its gates go through a hyperbolic tangent. diffusers:
 * `ZImageTransformerBlock`.
 */
export function zImageBlock(
  graph: GraphBuilder,
  tokens: Value,
  path: string,
  config: ZImageConfig,
  { rotation, embedding }: BlockInputs,
): Value {
  const { width, epsilon } = config;
  const norm = (x: Value, name: string) => rmsNorm(graph, x, `${path}.${name}`, { width, epsilon });
  const parts = embedding && {
    ...scalesAndGates(graph, embedding, `${path}.adaLN_modulation.0`, config),
  };
  const scaled = (x: Value, scale: Value | undefined) => (scale ? graph.node('Mul', [x, scale]) : x);
  const add = (x: Value, change: Value, gate: Value | undefined) =>
    gate ? addGated(graph, x, gate, change) : graph.node('Add', [x, change]);

  const attended = attend(
    graph,
    scaled(norm(tokens, 'attention_norm1'), parts?.attentionScale),
    `${path}.attention`,
    {
      config,
      rotation,
    },
  );
  const sum = add(tokens, norm(attended, 'attention_norm2'), parts?.attentionGate);
  const change = gatedLayers(
    graph,
    scaled(norm(sum, 'ffn_norm1'), parts?.innerScale),
    `${path}.feed_forward`,
    {
      width,
      // diffusers: int(dim / 3 * 8)
      inner: Math.trunc((width / 3) * 8),
      names: { gate: 'w1', up: 'w3', down: 'w2' },
    },
  );
  return add(sum, norm(change, 'ffn_norm2'), parts?.innerGate);
}

function scalesAndGates(graph: GraphBuilder, embedding: Value, path: string, config: ZImageConfig) {
  const { width } = config;
  const parts = modulationParts(graph, embedding, path, {
    width,
    parts: 4,
    inputs: modulationInputs(config),
  });
  const [attentionScale, attentionGate, innerScale, innerGate] = parts as [Value, Value, Value, Value];
  const scale = (value: Value) => graph.node('Add', [value, graph.floats([1])]);
  const gate = (value: Value) => graph.node('Tanh', [value]);
  return {
    attentionScale: scale(attentionScale),
    attentionGate: gate(attentionGate),
    innerScale: scale(innerScale),
    innerGate: gate(innerGate),
  };
}

function attend(
  graph: GraphBuilder,
  x: Value,
  path: string,
  { config, rotation }: { readonly config: ZImageConfig; readonly rotation: Rotation },
): Value {
  const { width, heads, headWidth } = config;
  const shape = { inputs: width, outputs: width, bias: false };
  const project = (name: string) => tokenLinear(graph, x, `${path}.${name}`, shape);
  const turned = (name: string, norm: string) => {
    const normal = headNorm(graph, project(name), `${path}.${norm}`, { heads, headWidth, epsilon: 1e-5 });
    return rotate(graph, normal, rotation, heads);
  };
  const seen = attention(graph, {
    query: turned('to_q', 'norm_q'),
    key: turned('to_k', 'norm_k'),
    value: project('to_v'),
    heads,
  });
  return tokenLinear(graph, seen, `${path}.to_out.0`, shape);
}
