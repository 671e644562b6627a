import type { Component } from '../../plugins/local-diffusion/src/checkpoint/component.js';
import { loraScalesInput } from '../../plugins/local-diffusion/src/graph/blocks/low-rank.js';
import { clipTextGraph } from '../../plugins/local-diffusion/src/networks/clip/clip-text.js';
import { readClipTextConfig } from '../../plugins/local-diffusion/src/networks/clip/clip-text-config.js';
import { runGraph } from './run-graph.js';
import type { TensorValues } from './tensors.js';

/** The outputs of a text encoder under the reference's names. */
export async function encodeText(
  prefix: string,
  component: Component | undefined,
  ids: TensorValues | undefined,
  scales: TensorValues,
): Promise<Map<string, Float32Array>> {
  if (!component || !ids) return new Map();
  const inputs = new Map([
    ['input_ids', ids],
    [loraScalesInput, scales],
  ]);
  const results = await runGraph(clipTextGraph(component, { hiddenStates: true }), inputs);
  const { layers } = readClipTextConfig(component);
  const named = [...results].map(([name, values]) => [`${prefix}_${name}`, values] as const);
  return new Map([...named, [`${prefix}_hidden_m2`, results.get(`hidden_states.${layers - 1}`)!]]);
}
