import { z } from 'zod';
import type { Component } from '../../plugins/local-diffusion/src/checkpoint/component.js';
import { qwenImageTransformerGraph } from '../../plugins/local-diffusion/src/families/qwen-image/network/qwen-image-transformer.js';
import { centredPlaces } from '../../plugins/local-diffusion/src/families/qwen-image/token-places.js';
import { qwenImageFeeds } from '../../plugins/local-diffusion/src/families/qwen-image/transformer.js';
import {
  type HiddenState,
  qwenTextGraph,
} from '../../plugins/local-diffusion/src/networks/qwen/qwen-text.js';
import { readQwenTextConfig } from '../../plugins/local-diffusion/src/networks/qwen/qwen-text-config.js';
import { qwenVisionGraph } from '../../plugins/local-diffusion/src/networks/qwen/qwen-vision.js';
import { readQwenVisionConfig } from '../../plugins/local-diffusion/src/networks/qwen/qwen-vision-config.js';
import { visionPlaces } from '../../plugins/local-diffusion/src/networks/qwen/vision-places.js';
import type { CaseInputs } from './network-runs.js';
import { runGraph } from './run-graph.js';

/**
 * Each item by itself: a mask says how long its text is. The images after the first are those that are
 * changed.
 */
export async function runQwenImage(
  component: Component,
  _wanted: readonly string[],
  { inputs, scalars }: CaseInputs,
) {
  const graph = qwenImageTransformerGraph(component);
  const shapes = z.array(z.tuple([z.number(), z.number(), z.number()])).parse(scalars.img_shapes);
  const floats = (name: string) => Float32Array.from(inputs.get(name)!.data, Number);
  const [hidden, text, times] = [
    floats('hidden_states'),
    floats('encoder_hidden_states'),
    floats('timestep'),
  ];
  const [batch = 0, all = 0, channels = 0] = inputs.get('hidden_states')!.shape;
  const [, textTokens = 0, textWidth = 0] = inputs.get('encoder_hidden_states')!.shape;
  const mask = inputs.get('encoder_hidden_states_mask');
  const [[, rows, columns], ...sources] = shapes as [[number, number, number], ...[number, number, number][]];
  const tokens = rows * columns;
  const places = Float32Array.from(
    sources.flatMap(([, height, width], index) => [...centredPlaces(2 * height, 2 * width, index + 1)]),
  );
  const sample = new Float32Array(hidden.length);
  for (let item = 0; item < batch; item++) {
    const own = hidden.subarray(item * all * channels, (item + 1) * all * channels);
    const seen = mask
      ? [...mask.data].slice(item * textTokens, (item + 1) * textTokens).filter((one) => Number(one) === 1)
          .length
      : textTokens;
    const start = item * textTokens * textWidth;
    const feeds = qwenImageFeeds(
      { data: own.subarray(0, tokens * channels), shape: [1, tokens, channels] },
      [1, channels / 4, 2 * rows, 2 * columns],
      times[item]!,
      {
        encoder_hidden_states: {
          data: text.subarray(start, start + seen * textWidth),
          shape: [1, seen, textWidth],
        },
        ...(sources.length > 0 && {
          edited_tokens: { data: own.subarray(tokens * channels), shape: [1, all - tokens, channels] },
          edited_positions: { data: places, shape: [1, all - tokens, 3] },
        }),
      },
    );
    const results = await runGraph(graph, new Map([...inputs, ...Object.entries(feeds)]));
    sample.set(results.get('out_hidden_states')!, item * all * channels);
  }
  return new Map([['sample', sample]]);
}

/** Each state by a graph of its own, and those that have a number by one graph together. */
export async function runQwenText(component: Component, wanted: readonly string[], { inputs }: CaseInputs) {
  const { layers, width } = readQwenTextConfig(component);
  const stateOf = (name: string): HiddenState => {
    if (/^(hs|hidden_states)_last$/.test(name)) return 'normed';
    return /_m2$/.test(name) ? layers - 1 : Number(name.replace('hs', ''));
  };
  const run = async (states: readonly HiddenState[]) =>
    (await runGraph(qwenTextGraph(component, { states }), inputs)).get('hidden_states')!;
  const together = await run(wanted.map(stateOf));
  const row = wanted.length * width;
  const results = new Map<string, Float32Array>();
  for (const [index, name] of wanted.entries()) {
    const own = await run([stateOf(name)]);
    const part = own.map((_, at) => together[Math.floor(at / width) * row + index * width + (at % width)]!);
    // What is read alone and beside others is the same, or the case fails.
    results.set(name, own.every((value, at) => value === part[at]) ? own : own.fill(Number.NaN));
  }
  return results;
}

/** Each image by itself. */
async function runQwenVision(component: Component, { inputs }: CaseInputs) {
  const config = readQwenVisionConfig(component);
  const graph = qwenVisionGraph(component);
  const pixels = inputs.get('pixel_values')!;
  const width = pixels.shape[1]!;
  const grids = [...inputs.get('image_grid_thw')!.data].map(Number);
  const tokens: number[] = [];
  let start = 0;
  for (let image = 0; image < grids.length; image += 3) {
    const [rows, columns] = [grids[image + 1]!, grids[image + 2]!];
    const data = Float32Array.from(pixels.data.slice(start, start + rows * columns * width), Number);
    const perToken = config.mergedEdge ** 2;
    const patches = { data, shape: [(rows * columns) / perToken, perToken, width] };
    const feeds = { patches, ...visionPlaces(rows, columns, config) };
    tokens.push(...(await runGraph(graph, new Map(Object.entries(feeds)))).get('tokens')!);
    start += rows * columns * width;
  }
  return new Map([['merged', Float32Array.from(tokens)]]);
}

/** Tokens that the mask hides are zeros in the reference. */
export async function runQwen25Text(component: Component, wanted: readonly string[], given: CaseInputs) {
  if (given.inputs.has('pixel_values')) return await runQwenVision(component, given);
  const mask = given.inputs.get('attention_mask');
  const ids = given.inputs.get('input_ids')!;
  const seen = mask ?? { shape: ids.shape, data: new BigInt64Array(ids.data.length).fill(1n) };
  const inputs = new Map([...given.inputs, ['attention_mask', seen] as const]);
  const results = await runQwenText(component, wanted, { ...given, inputs });
  for (const values of results.values()) {
    const width = values.length / seen.data.length;
    for (const [token, one] of [...seen.data].entries())
      if (Number(one) === 0) values.fill(0, token * width, (token + 1) * width);
  }
  return results;
}
