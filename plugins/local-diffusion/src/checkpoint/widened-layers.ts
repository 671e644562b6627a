import type { Component } from './component.js';
import { invalidFiles } from './invalid-files.js';
import type { Lora } from './lora.js';
import { sizeOfChange } from './lora-layer.js';
import type { Widening } from './lora-names.js';

/**
 * Gives layers the inputs that LoRAs read beside their own, such as the latents of an image that is followed:
 * columns of zeros, which the LoRAs add to.
 *
 * @throws ERR_MODEL_FILES_INVALID for such a LoRA where the layer cannot have its inputs
 */
export function widenLayers<Given extends Readonly<Record<string, Component | undefined>>>(
  components: Given,
  loras: readonly Lora[],
): Given {
  const widened = Object.entries(components).flatMap(([name, component]) => {
    const asked = loras.flatMap((lora) => inputsAsked(lora, name));
    const widening = asked[0]?.widening;
    const own = component?.tensors.get(`${widening?.path}.weight`)?.shape[1];
    if (!component || !widening || own === undefined) return [];
    const alone = widening.ownInputs(component.config);
    const inputs = Math.max(...asked.map((each) => each.inputs));
    const isWider = widening.configOf !== undefined && own === alone && inputs > own;
    const taken = isWider ? inputs : own;
    const misfit = asked.find((each) => each.inputs > alone && each.inputs !== taken);
    if (misfit) {
      const { lora, module } = misfit;
      throw invalidFiles(
        `${lora.file} makes a model follow an image, of edges or depths for instance, which this model cannot: its "${module}" is for a layer of ${misfit.inputs} inputs, and here that has ${taken}.`,
        widening.hint,
      );
    }
    if (!isWider) return [];
    const config = widening.configOf?.(component.config, inputs);
    const zeroColumns = new Map([[`${widening.path}.weight`, inputs - own]]);
    return [[name, { ...component, config, zeroColumns }] as const];
  });
  return { ...components, ...Object.fromEntries(widened) };
}

interface AskedInputs {
  readonly lora: Lora;
  readonly module: string;
  readonly widening: Widening;
  readonly inputs: number;
}

/** Of the layer of a component that may be wider: how many inputs a LoRA's part for it reads. */
const inputsAsked = (lora: Lora, component: string): AskedInputs[] =>
  lora.layers.flatMap(({ target, module, change }) => {
    const { widening } = target;
    if (target.component !== component || !widening?.modules.includes(module) || !change) return [];
    return [{ lora, module, widening, inputs: sizeOfChange(change)[1] ?? 0 }];
  });
