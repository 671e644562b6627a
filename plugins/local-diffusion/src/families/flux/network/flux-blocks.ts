import { geluTanh } from '../../../graph/blocks/blocks.js';
import type { Value } from '../../../graph/builder.js';
import {
  type AttentionScope,
  attend,
  imageNames,
  project,
} from '../../../networks/diffusion-transformer/joint-attention.js';
import {
  addGated,
  type Modulation,
  modulatedNorm,
} from '../../../networks/diffusion-transformer/modulation.js';
import { tokenLinear } from '../../../networks/diffusion-transformer/token-layers.js';

/**
 * diffusers' `FluxSingleTransformerBlock`, over text and image in one: attention beside a feed-forward layer.
 */
export function singleBlock(
  scope: AttentionScope,
  tokens: Value,
  path: string,
  modulation: Modulation,
): Value {
  const { graph, width } = scope;
  const normal = modulatedNorm(graph, tokens, modulation, width);
  const seen = attend(scope, project(scope, normal, `${path}.attn`, imageNames));
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
