import { appendTokens, attention, partTokens, type Rotation, rotate } from '../../graph/blocks/blocks.js';
import type { GraphBuilder, Value } from '../../graph/builder.js';
import { headNorm, tokenLinear } from './token-layers.js';

/** What all attention layers of a transformer over text and image share. */
export interface AttentionScope {
  readonly graph: GraphBuilder;
  readonly width: number;
  readonly heads: number;
  readonly headWidth: number;
  /** Whether queries and keys are normed, head by head. */
  readonly normsHeads: boolean;
  /** Whether the projections add one. Absent: yes. */
  readonly hasBiases?: boolean;
  /** Of the text's tokens, then the image's. Absent: positions are told otherwise. */
  readonly rotation?: Rotation;
  /** [1 or batch, 1, tokens, tokens], added to the scores, text before image. Absent: nothing is. */
  readonly bias?: Value;
}

/** The tokens of text and image, [batch, tokens, width] each. */
export interface Streams {
  readonly text: Value;
  readonly image: Value;
}

/** Names of the projections of a stream to queries, keys and values, and of their norms. */
export const imageNames = { q: 'to_q', k: 'to_k', v: 'to_v', normQ: 'norm_q', normK: 'norm_k' } as const;
export const textNames = {
  q: 'add_q_proj',
  k: 'add_k_proj',
  v: 'add_v_proj',
  normQ: 'norm_added_q',
  normK: 'norm_added_k',
} as const;

export interface Projections {
  readonly query: Value;
  readonly key: Value;
  readonly value: Value;
}

/** @param path of the attention layer */
export function project(
  { graph, width, heads, headWidth, normsHeads, hasBiases: bias = true }: AttentionScope,
  x: Value,
  path: string,
  names: typeof imageNames | typeof textNames,
): Projections {
  const make = (name: string) =>
    tokenLinear(graph, x, `${path}.${name}`, { inputs: width, outputs: width, bias });
  const normed = (name: string, norm: string) =>
    normsHeads ? headNorm(graph, make(name), `${path}.${norm}`, { heads, headWidth }) : make(name);
  return {
    query: normed(names.q, names.normQ),
    key: normed(names.k, names.normK),
    value: make(names.v),
  };
}

/** Attention among the tokens of one sequence. */
export function attend(scope: AttentionScope, { query, key, value }: Projections): Value {
  const { graph, heads, rotation, bias } = scope;
  const turn = (x: Value) => (rotation ? rotate(graph, x, rotation, heads) : x);
  return attention(graph, { query: turn(query), key: turn(key), value, heads, ...(bias && { bias }) });
}

/** Attention of text and image to both: what each has seen, before the layers that follow. */
export function attendToBoth(scope: AttentionScope, { text, image }: Streams, path: string): Streams {
  const { graph } = scope;
  const textPart = project(scope, text, path, textNames);
  const imagePart = project(scope, image, path, imageNames);
  const both = (name: keyof Projections) => appendTokens(graph, textPart[name], imagePart[name]);
  const seen = attend(scope, { query: both('query'), key: both('key'), value: both('value') });
  const [textSeen, imageSeen] = partTokens(graph, seen, text);
  return { text: textSeen, image: imageSeen };
}
