import type { Component } from './component.js';
import type { Lora } from './lora.js';
import { sizeOfChange } from './lora-layer.js';

/**
 * Gives layers the inputs that LoRAs read beside their own, such as the latents of an image that is followed:
 * columns of zeros, which the LoRAs add to.
 */
export function widenLayers<Given extends Readonly<Record<string, Component | undefined>>>(
  components: Given,
  loras: readonly Lora[],
): Given {
  const widened = Object.entries(components).flatMap(([name, component]) => {
    const layers = loras.flatMap((lora) => lora.layers.filter(({ target }) => target.component === name));
    const widening = layers.find(({ target }) => target.widening)?.target.widening;
    if (!component || !widening) return [];
    const weight = `${widening.path}.weight`;
    const own = component.tensors.get(weight)?.shape[1];
    const asked = layers.map(({ module, change }) =>
      widening.modules.includes(module) && change ? (sizeOfChange(change)[1] ?? 0) : 0,
    );
    const inputs = Math.max(...asked);
    if (own === undefined || inputs <= own) return [];
    const config = widening.configOf(component.config, inputs);
    return [[name, { ...component, config, zeroColumns: new Map([[weight, inputs - own]]) }] as const];
  });
  return { ...components, ...Object.fromEntries(widened) };
}
