import {
  appendTokens,
  attention,
  geluTanh,
  partTokens,
  type Rotation,
  rotate,
} from '../../../graph/blocks/blocks.js';
import type { GraphBuilder, Value } from '../../../graph/builder.js';
import {
  addGated,
  type Modulation,
  modulatedNorm,
} from '../../../networks/diffusion-transformer/modulation.js';
import { feedForward, headNorm, tokenLinear } from '../../../networks/diffusion-transformer/token-layers.js';

/** What all blocks of a network share. */
export interface FluxScope {
  readonly graph: GraphBuilder;
  readonly width: number;
  readonly heads: number;
  readonly headWidth: number;
  /** Of the text's tokens, then the image's. */
  readonly rotation: Rotation;
}

/** The tokens of text and image, [batch, tokens, width] each. */
export interface Streams {
  readonly text: Value;
  readonly image: Value;
}

/** Before the attention and before the feed-forward layers. */
export type BlockModulation = readonly [attention: Modulation, feedForward: Modulation];

/** Names of the projections of a stream to queries, keys and values, and of their norms. */
const imageNames = { q: 'to_q', k: 'to_k', v: 'to_v', normQ: 'norm_q', normK: 'norm_k' } as const;
const textNames = {
  q: 'add_q_proj',
  k: 'add_k_proj',
  v: 'add_v_proj',
  normQ: 'norm_added_q',
  normK: 'norm_added_k',
} as const;

/** diffusers' `FluxTransformerBlock`: text and image attend to both, and are worked on apart otherwise. */
export function doubleBlock(
  scope: FluxScope,
  { text, image }: Streams,
  path: string,
  modulation: { readonly text: BlockModulation; readonly image: BlockModulation },
): Streams {
  const { graph, width } = scope;
  const square = { inputs: width, outputs: width };
  const textPart = project(scope, modulatedNorm(graph, text, modulation.text[0], width), path, textNames);
  const imagePart = project(scope, modulatedNorm(graph, image, modulation.image[0], width), path, imageNames);
  const both = (name: 'query' | 'key' | 'value') => appendTokens(graph, textPart[name], imagePart[name]);
  const seen = attend(scope, { query: both('query'), key: both('key'), value: both('value') });
  const [textSeen, imageSeen] = partTokens(graph, seen, text);

  const goOn = (x: Value, change: Value, [first, second]: BlockModulation, layers: string) => {
    const sum = addGated(graph, x, first.gate, change);
    const inner = feedForward(graph, modulatedNorm(graph, sum, second, width), `${path}.${layers}`, width);
    return addGated(graph, sum, second.gate, inner);
  };
  return {
    text: goOn(
      text,
      tokenLinear(graph, textSeen, `${path}.attn.to_add_out`, square),
      modulation.text,
      'ff_context',
    ),
    image: goOn(
      image,
      tokenLinear(graph, imageSeen, `${path}.attn.to_out.0`, square),
      modulation.image,
      'ff',
    ),
  };
}

/** diffusers' `FluxSingleTransformerBlock`, over text and image in one: attention beside a feed-forward layer. */
export function singleBlock(scope: FluxScope, tokens: Value, path: string, modulation: Modulation): Value {
  const { graph, width } = scope;
  const normal = modulatedNorm(graph, tokens, modulation, width);
  const seen = attend(scope, project(scope, normal, path, imageNames));
  const inner = geluTanh(
    graph,
    tokenLinear(graph, normal, `${path}.proj_mlp`, { inputs: width, outputs: 4 * width }),
  );
  const change = tokenLinear(graph, graph.node('Concat', [seen, inner], { axis: -1 }), `${path}.proj_out`, {
    inputs: 5 * width,
    outputs: width,
  });
  return addGated(graph, tokens, modulation.gate, change);
}

interface Projections {
  readonly query: Value;
  readonly key: Value;
  readonly value: Value;
}

function project(
  { graph, width, heads, headWidth }: FluxScope,
  x: Value,
  path: string,
  names: typeof imageNames | typeof textNames,
): Projections {
  const make = (name: string) =>
    tokenLinear(graph, x, `${path}.attn.${name}`, { inputs: width, outputs: width });
  const normed = (name: string, norm: string) =>
    headNorm(graph, make(name), `${path}.attn.${norm}`, { heads, headWidth });
  return {
    query: normed(names.q, names.normQ),
    key: normed(names.k, names.normK),
    value: make(names.v),
  };
}

const attend = ({ graph, heads, rotation }: FluxScope, { query, key, value }: Projections): Value =>
  attention(graph, {
    query: rotate(graph, query, rotation, heads),
    key: rotate(graph, key, rotation, heads),
    value,
    heads,
  });
