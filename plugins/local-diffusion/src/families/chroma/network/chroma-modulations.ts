import { rmsNorm, silu } from '../../../graph/blocks/blocks.js';
import type { GraphBuilder, Value } from '../../../graph/builder.js';
import { blockModulation, modulationOf } from '../../../networks/diffusion-transformer/modulation.js';
import { tokenLinear } from '../../../networks/diffusion-transformer/token-layers.js';
import { sinusoidFrequencies, sinusoids } from '../../../networks/unet/time-embedding.js';
import type { FluxModulations } from '../../flux/network/flux-body.js';
import type { ChromaConfig } from './chroma-config.js';

/** What times and the numbers of modulations are multiplied by before they are embedded. */
const embeddingFactor = 1000;
/** torch's for RMS norms that are told none: the smallest step of float32 at 1. */
const epsilon = 2 ** -23;

/**
 * All modulations of the network at once, by a small network over time and place: Chroma's "approximator",
 * which takes the place of FLUX's modulation layers. Its rows: three for each single block, six for each
 * double block's image, six for each double block's text, and two for the output.
 */
export function chromaModulations(graph: GraphBuilder, config: ChromaConfig): FluxModulations {
  const { singleBlocks, doubleBlocks } = config;
  const ofImages = 3 * singleBlocks;
  const ofTexts = ofImages + 6 * doubleBlocks;
  const ofOutput = ofTexts + 6 * doubleBlocks;
  const all = approximate(graph, config, ofOutput + 2);
  const rows = (first: number, count: number): Value[] =>
    Array.from({ length: count }, (_, index) =>
      graph.node('Slice', [
        ...[all, graph.integers([first + index]), graph.integers([first + index + 1])],
        graph.integers([1]),
      ]),
    );
  return {
    image: (block) => blockModulation(rows(ofImages + 6 * block, 6)),
    text: (block) => blockModulation(rows(ofTexts + 6 * block, 6)),
    single: (block) => modulationOf(rows(3 * block, 3)),
    last() {
      const [shift, scale] = rows(ofOutput, 2) as [Value, Value];
      return { shift, scale };
    },
  };
}

/** diffusers' `ChromaApproximator`: [times, rows, width]. */
function approximate(graph: GraphBuilder, config: ChromaConfig, count: number): Value {
  const { approximatorInputs: inputs, approximatorWidth: inner, approximatorLayers, width } = config;
  const path = 'distilled_guidance_layer';
  const square = { inputs: inner, outputs: inner };
  let x = tokenLinear(graph, embedPlaces(graph, inputs, count), `${path}.in_proj`, {
    inputs,
    outputs: inner,
  });
  for (let layer = 0; layer < approximatorLayers; layer += 1) {
    const normal = rmsNorm(graph, x, `${path}.norms.${layer}`, { width: inner, epsilon });
    const first = silu(graph, tokenLinear(graph, normal, `${path}.layers.${layer}.linear_1`, square));
    x = graph.node('Add', [x, tokenLinear(graph, first, `${path}.layers.${layer}.linear_2`, square)]);
  }
  return tokenLinear(graph, x, `${path}.out_proj`, { inputs: inner, outputs: width });
}

/** Sinusoids of the time, of a guidance of 0, and of each row's number: [times, rows, inputs]. */
function embedPlaces(graph: GraphBuilder, inputs: number, count: number): Value {
  const shape = { width: inputs / 4, cosineFirst: true, frequencyShift: 0 };
  const times = graph.input('timestep', 'float32', ['timesteps']);
  const angles = sinusoids(graph, graph.node('Mul', [times, graph.floats([embeddingFactor])]), shape);
  const perRow = graph.node(
    'Concat',
    [...[graph.node('Shape', [times]), graph.integers([count, inputs / 4])]],
    { axis: 0 },
  );
  const time = graph.node('Expand', [graph.node('Unsqueeze', [angles, graph.integers([1])]), perRow]);
  const places = graph.node('Concat', [graph.node('Shape', [times]), graph.integers([1, 1])], { axis: 0 });
  const rest = graph.node('Expand', [
    graph.floats(placeRows(inputs, count), [1, count, 0.75 * inputs]),
    places,
  ]);
  return graph.node('Concat', [time, rest], { axis: -1 });
}

/**
 * The parts that no run changes, in float32 as torch computes them: the angles of the last rows are large.
 */
function placeRows(inputs: number, count: number): Float32Array {
  const guidance = Array.from({ length: inputs / 4 }, (_, index) => (index < inputs / 8 ? 1 : 0));
  const frequencies = sinusoidFrequencies({ width: inputs / 2, cosineFirst: true, frequencyShift: 0 });
  const rows = Array.from({ length: count }, (_, row) => {
    const angles = [...frequencies].map((frequency) => Math.fround(embeddingFactor * row * frequency));
    return [...guidance, ...angles.map(Math.cos), ...angles.map(Math.sin)];
  });
  return Float32Array.from(rows.flat());
}
