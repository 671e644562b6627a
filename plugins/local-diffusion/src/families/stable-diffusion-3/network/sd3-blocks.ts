import type { Value } from '../../../graph/builder.js';
import {
  type AttentionScope,
  attend,
  attendToBoth,
  imageNames,
  project,
  type Streams,
} from '../../../networks/diffusion-transformer/joint-attention.js';
import { feedOn, jointBlock } from '../../../networks/diffusion-transformer/joint-block.js';
import {
  addGated,
  blockModulation,
  modulatedNorm,
  modulationOf,
  modulationParts,
} from '../../../networks/diffusion-transformer/modulation.js';
import { tokenLinear } from '../../../networks/diffusion-transformer/token-layers.js';

export interface Sd3Scope extends AttentionScope {
  /** Of time and pooled text, activated: [batch, width]. */
  readonly embedding: Value;
}

/**
 * diffusers' `JointTransformerBlock`.
 *
 * @param isDual whether the image also attends to itself alone
 */
export function sd3Block(scope: Sd3Scope, streams: Streams, path: string, isDual: boolean): Streams {
  const { graph, width } = scope;
  const image = modulate(scope, `${path}.norm1.linear`, isDual ? 9 : 6);
  const modulation = {
    text: blockModulation(modulate(scope, `${path}.norm1_context.linear`, 6)),
    image: blockModulation(image),
  };
  if (!isDual) return jointBlock(scope, streams, path, modulation);
  const alone = modulationOf(image.slice(6));
  return jointBlock(scope, streams, path, modulation, (before, after) => {
    const normal = modulatedNorm(graph, before, alone, width);
    const seen = attend(scope, project(scope, normal, `${path}.attn2`, imageNames));
    const change = tokenLinear(graph, seen, `${path}.attn2.to_out.0`, { inputs: width, outputs: width });
    return addGated(graph, after, alone.gate, change);
  });
}

/** The last block, which nothing reads the text after. */
export function lastSd3Block(scope: Sd3Scope, { text, image }: Streams, path: string): Value {
  const { graph, width } = scope;
  const [attention, feedForward] = blockModulation(modulate(scope, `${path}.norm1.linear`, 6));
  const [scale, shift] = modulate(scope, `${path}.norm1_context.linear`, 2) as [Value, Value];
  const normal = {
    text: modulatedNorm(graph, text, { shift, scale }, width),
    image: modulatedNorm(graph, image, attention, width),
  };
  const seen = attendToBoth(scope, normal, `${path}.attn`);
  const change = tokenLinear(graph, seen.image, `${path}.attn.to_out.0`, { inputs: width, outputs: width });
  return feedOn(scope, addGated(graph, image, attention.gate, change), `${path}.ff`, feedForward);
}

/** The parts of a modulation layer over the embedding of the scope. */
export const modulate = (
  { graph, embedding, width }: Sd3Scope,
  path: string,
  parts: number,
): readonly Value[] => modulationParts(graph, embedding, path, { width, parts });
