import type { Value } from '../../graph/builder.js';
import { type AttentionScope, attendToBoth, type Streams } from './joint-attention.js';
import { addGated, type BlockModulation, type Modulation, modulatedNorm } from './modulation.js';
import { feedForward, tokenLinear } from './token-layers.js';

/** What the blocks of a transformer over text and image share. */
export interface BlockScope extends AttentionScope {
  /** Names of the feed-forward layers of each stream. Absent: `ff_context` and `ff`. */
  readonly feedForwards?: Readonly<Record<keyof Streams, string>>;
}

const usualFeedForwards = { text: 'ff_context', image: 'ff' } as const;

/**
 * diffusers' `FluxTransformerBlock`, `QwenImageTransformerBlock` and `JointTransformerBlock`: text and image
 * attend to both, and are worked on apart otherwise.
 *
 * @param besides what a block does to the image beside that, after the attention: its tokens before and
 * after. Absent: nothing
 */
export function jointBlock(
  scope: BlockScope,
  { text, image }: Streams,
  path: string,
  modulation: { readonly text: BlockModulation; readonly image: BlockModulation },
  besides = (_before: Value, after: Value): Value => after,
): Streams {
  const { graph, width, feedForwards = usualFeedForwards } = scope;
  const normal = {
    text: modulatedNorm(graph, text, modulation.text[0], width),
    image: modulatedNorm(graph, image, modulation.image[0], width),
  };
  const seen = attendToBoth(scope, normal, `${path}.attn`);
  const add = (x: Value, change: Value, gate: Value, layer: string) =>
    addGated(
      graph,
      x,
      gate,
      tokenLinear(graph, change, `${path}.attn.${layer}`, { inputs: width, outputs: width }),
    );
  const newImage = add(image, seen.image, modulation.image[0].gate, 'to_out.0');
  return {
    text: feedOn(
      scope,
      add(text, seen.text, modulation.text[0].gate, 'to_add_out'),
      `${path}.${feedForwards.text}`,
      modulation.text[1],
    ),
    image: feedOn(scope, besides(image, newImage), `${path}.${feedForwards.image}`, modulation.image[1]),
  };
}

/** The feed-forward layers of a block, added to `x`. */
export function feedOn(
  { graph, width }: AttentionScope,
  x: Value,
  path: string,
  modulation: Modulation,
): Value {
  const inner = feedForward(graph, modulatedNorm(graph, x, modulation, width), path, width);
  return addGated(graph, x, modulation.gate, inner);
}
