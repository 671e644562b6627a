import { appendTokens, partTokens, rotationBy } from '../../../graph/blocks/blocks.js';
import type { GraphBuilder, Value } from '../../../graph/builder.js';
import type { AttentionScope, Streams } from '../../../networks/diffusion-transformer/joint-attention.js';
import { jointBlock } from '../../../networks/diffusion-transformer/joint-block.js';
import {
  type BlockModulation,
  type Modulation,
  modulatedNorm,
  type Shift,
} from '../../../networks/diffusion-transformer/modulation.js';
import { tokenLinear } from '../../../networks/diffusion-transformer/token-layers.js';
import { singleBlock } from './flux-blocks.js';

/** The base of the rotary embeddings' frequencies. */
const rotaryBase = 10_000;

/** The sizes of a network with FLUX's blocks. */
export interface FluxBodySizes {
  readonly inputChannels: number;
  readonly outputChannels: number;
  /** Blocks that keep text and image apart but for their attention. */
  readonly doubleBlocks: number;
  /** Blocks that have them in one. */
  readonly singleBlocks: number;
  readonly heads: number;
  readonly headWidth: number;
  readonly width: number;
  readonly textWidth: number;
  /** Numbers of a head that each axis of the positions turns. */
  readonly rotaryWidths: readonly number[];
}

/** How the blocks of a network are modulated, by their places. */
export interface FluxModulations {
  image(block: number): BlockModulation;
  text(block: number): BlockModulation;
  single(block: number): Modulation;
  last(): Shift;
}

/** What becomes of the image's tokens behind a block. */
export type AfterBlock = (kind: 'double' | 'single', index: number, image: Value) => Value;

/** What goes through the blocks: the inputs of the graph that all networks of the kind have. */
export interface FluxInputs {
  /** [batch, image tokens, channels] */
  readonly hidden: Value;
  /** [batch, text tokens, width] */
  readonly context: Value;
  /** Of text and image: [tokens, 3]. */
  readonly positions: Value;
}

/** Declares `hidden_states`, `encoder_hidden_states`, `img_ids` and `txt_ids`. */
export function fluxInputs(
  graph: GraphBuilder,
  { inputChannels, textWidth }: Pick<FluxBodySizes, 'inputChannels' | 'textWidth'>,
): FluxInputs {
  const hidden = graph.input('hidden_states', 'float32', ['batch', 'image_tokens', inputChannels]);
  const context = graph.input('encoder_hidden_states', 'float32', ['batch', 'text_tokens', textWidth]);
  const imageIds = graph.input('img_ids', 'float32', ['image_tokens', 3]);
  const textIds = graph.input('txt_ids', 'float32', ['text_tokens', 3]);
  return { hidden, context, positions: graph.node('Concat', [textIds, imageIds], { axis: 0 }) };
}

/** Text and image as the blocks take them. */
export function embedFlux(
  graph: GraphBuilder,
  { inputChannels, textWidth, width }: FluxBodySizes,
  { hidden, context }: FluxInputs,
): Streams {
  return {
    text: tokenLinear(graph, context, 'context_embedder', { inputs: textWidth, outputs: width }),
    image: tokenLinear(graph, hidden, 'x_embedder', { inputs: inputChannels, outputs: width }),
  };
}

/** What a network does beside the blocks alone. */
export interface FluxBlockExtras {
  /** Of all attention, see {@link AttentionScope}. Absent: none. */
  readonly bias?: Value | undefined;
  /** Absent: nothing becomes of the image's tokens. */
  readonly after?: AfterBlock | undefined;
}

/**
 * The blocks of FLUX over embedded text and image; their tokens behind the last one.
 *
 * @param positions of text and image: [tokens, 3]
 */
export function fluxBlocks(
  graph: GraphBuilder,
  sizes: FluxBodySizes,
  { positions, ...embedded }: Streams & Pick<FluxInputs, 'positions'>,
  modulations: FluxModulations,
  { bias, after }: FluxBlockExtras = {},
): Value {
  const { width, heads, headWidth, rotaryWidths } = sizes;
  const rotation = rotationBy(graph, positions, rotaryWidths, rotaryBase);
  const scope: AttentionScope = {
    ...{ graph, width, heads, headWidth, normsHeads: true, rotation },
    ...(bias && { bias }),
  };
  let streams: Streams = embedded;
  for (let index = 0; index < sizes.doubleBlocks; index += 1) {
    streams = jointBlock(scope, streams, `transformer_blocks.${index}`, {
      text: modulations.text(index),
      image: modulations.image(index),
    });
    if (after) streams = { ...streams, image: after('double', index, streams.image) };
  }
  let tokens = appendTokens(graph, streams.text, streams.image);
  for (let index = 0; index < sizes.singleBlocks; index += 1) {
    const path = `single_transformer_blocks.${index}`;
    tokens = singleBlock(scope, tokens, path, modulations.single(index));
    if (after) {
      const [text, image] = partTokens(graph, tokens, streams.text);
      tokens = appendTokens(graph, text, after('single', index, image));
    }
  }
  return tokens;
}

/** The blocks of FLUX, from the embedding of text and image to the output `out_hidden_states`. */
export function writeFluxBody(
  graph: GraphBuilder,
  sizes: FluxBodySizes,
  inputs: FluxInputs,
  modulations: FluxModulations,
  extras: FluxBlockExtras = {},
): void {
  const { context, positions } = inputs;
  const { outputChannels, width } = sizes;
  const embedded = { ...embedFlux(graph, sizes, inputs), positions };
  const tokens = fluxBlocks(graph, sizes, embedded, modulations, extras);
  const [, image] = partTokens(graph, tokens, context);
  const normal = modulatedNorm(graph, image, modulations.last(), width);
  graph.output(
    'out_hidden_states',
    tokenLinear(graph, normal, 'proj_out', { inputs: width, outputs: outputChannels }),
  );
}
