import { z } from 'zod';
import type { Component } from '../../plugins/local-diffusion/src/checkpoint/component.js';
import {
  controlNetGraph,
  residualShapes,
} from '../../plugins/local-diffusion/src/networks/controlnet/controlnet.js';
import { unetGraph } from '../../plugins/local-diffusion/src/networks/unet/unet.js';
import type { CaseInputs } from './network-runs.js';
import { runGraph } from './run-graph.js';
import type { TensorValues } from './tensors.js';

/**
 * The residuals of a ControlNet, scaled as a pipeline scales them, and what the UNet that it is for makes
 * with them.
 */
export async function runControlNet(
  component: Component,
  _wanted: readonly string[],
  { inputs, scalars, base }: CaseInputs,
): Promise<Map<string, Float32Array>> {
  const scales = z.array(z.number()).parse([scalars.conditioning_scale].flat());
  const kinds = z.array(z.number()).default([]).parse(scalars.control_type_idx);
  const images = [...inputs].filter(([name]) => name.startsWith('controlnet_cond'));
  const told: [string, TensorValues][] = images.map(([, image], index) => [`image.${index}`, image]);
  if (kinds.length > 0) {
    told.push(['image_kinds', inputs.get('control_type')!]);
    told.push(['kind_of_image', { data: BigInt64Array.from(kinds, BigInt), shape: [kinds.length] }]);
  }
  const isFused = images.length > 1;
  if (isFused) told.push(['image_scales', { data: Float32Array.from(scales), shape: [scales.length] }]);
  const graph = controlNetGraph(component, images.length);
  const made = await runGraph(graph, new Map([...inputs, ...told]));
  const shapes = residualShapes(graph, inputs.get('sample')!.shape);
  const residuals = [...made].map(([name, values]) => {
    const data = isFused ? values : values.map((value) => scales[0]! * value);
    return [name, { data, shape: [...shapes.get(name)!] }] as const;
  });
  const unet = unetGraph(base!, { isControlled: true });
  const given = new Map<string, TensorValues>([...inputs, ...residuals]);
  const sample = (await runGraph(unet, given)).get('out_sample')!;
  const named = residuals.map(([name, { data }]) => {
    const short = name.replace('down_residual.', 'down').replace('middle_residual', 'mid');
    return [short, data] as const;
  });
  return new Map<string, Float32Array>([...named, ['unet_out_sample', sample]]);
}
