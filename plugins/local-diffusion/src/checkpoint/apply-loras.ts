import type { Component } from './component.js';
import { invalidFiles } from './invalid-files.js';
import type { Lora, UnplacedLayer } from './lora.js';
import type { ComponentLora, LoraLayer } from './lora-layer.js';
import { type LoraTarget, underscored } from './lora-names.js';
import { shapesAgree } from './shapes.js';

/** The networks of a model, by the names of their folders in a diffusers checkpoint. */
type Components = Readonly<Record<string, Component | undefined>>;

/** What a LoRA was made for and what the model is, where that shows: for messages. */
export interface LoraTitles {
  titleOfLora(lora: Lora): string | undefined;
  readonly model: string | undefined;
}

/**
 * Gives the networks of a model what LoRAs add to their layers. A graph written from such a component has the input `lora_scales`
 * [number of LoRAs] (`loraScalesInput`), unless no layer of it is changed: the weight of each LoRA, in the order given here, at each run.
 *
 * @returns the components with their LoRAs; what is not a network, or not changed, is as it was
 * @throws ERR_MODEL_FILES_INVALID naming the layers of a LoRA that the model does not have, or has in another shape
 */
export function applyLoras<Given extends Components>(
  components: Given,
  loras: readonly Lora[],
  titles: LoraTitles,
): Given {
  const placed = loras.map((lora) => place(lora, components, titles));
  const changed = Object.entries(components).flatMap(([name, component]) => {
    const own = placed.map(
      (layers, index): ComponentLora => ({
        file: loras[index]!.file,
        layers: layers.get(name) ?? new Map<string, LoraLayer>(),
      }),
    );
    return component && own.some(({ layers }) => layers.size > 0)
      ? [[name, { ...component, loras: own }] as const]
      : [];
  });
  return { ...components, ...Object.fromEntries(changed) };
}

/** Layers by component and path. */
type Placed = Map<string, Map<string, LoraLayer>>;

function place(lora: Lora, components: Components, titles: LoraTitles): Placed {
  const paths = new Map<string, (module: string) => string | undefined>();
  const placed: Placed = new Map();
  const misfits: string[] = [];
  for (const layer of lora.layers) {
    const { target, module, name } = layer;
    const component = components[target.component];
    const pathOf = paths.get(target.component) ?? pathFinder(target, component);
    paths.set(target.component, pathOf);
    const path = pathOf(module);
    const weight = path === undefined ? undefined : component?.tensors.get(`${path}.weight`);
    const layers = placed.get(target.component) ?? new Map<string, LoraLayer>();
    placed.set(target.component, layers);
    if (path === undefined || !weight) {
      misfits.push(`"${name}", which the model ${component ? 'does not have' : 'has no network for'}`);
    } else if (!fits(layer, weight.shape)) {
      misfits.push(
        `"${name}" for a layer of ${shapeOf(layer)}, which is one of [${weight.shape}] in the model`,
      );
    } else if (layers.has(path)) {
      misfits.push(`"${name}", which is the second change of ${path}`);
    } else {
      layers.set(path, layer);
    }
  }
  if (misfits.length > 0) throw doesNotFit(lora, misfits, titles);
  return placed;
}

/** Finds the layers of a network by their underscored path, that of diffusers or the original one. */
function pathFinder(
  { originalPaths }: LoraTarget,
  component: Component | undefined,
): (module: string) => string | undefined {
  const tensors = component?.tensors ?? new Map<string, never>();
  const paths = new Map(
    [...tensors.keys()]
      // Tables are looked up in, not multiplied with.
      .filter((name) => name.endsWith('.weight') && !name.includes('.embeddings.'))
      .map((name) => name.slice(0, -'.weight'.length))
      .map((path) => [underscored(path), path]),
  );
  const originalPathOf = originalPaths?.(tensors);
  return (module) => {
    const path = paths.get(module) ?? originalPathOf?.(module);
    return path && paths.get(underscored(path));
  };
}

function fits({ down, up, rank }: UnplacedLayer, [outputs, ...inputs]: readonly number[]): boolean {
  const isLinear = inputs.length > 0;
  return isLinear && shapesAgree(down.shape, [rank, ...inputs]) && shapesAgree(up.shape, [outputs!, rank]);
}

const shapeOf = ({ down, up }: UnplacedLayer): string => `[${[up.shape[0], ...down.shape.slice(1)]}]`;

const shown = 3;

function doesNotFit(lora: Lora, misfits: readonly string[], { titleOfLora, model }: LoraTitles): Error {
  const rest = misfits.length > shown ? `; and ${misfits.length - shown} more` : '';
  const made = titleOfLora(lora);
  const why = made && made !== model ? ` It was made for ${made}.` : '';
  return invalidFiles(
    `${lora.file} does not fit this model: ${misfits.length} of its ${lora.layers.length} layers have no place in it: ${misfits.slice(0, shown).join('; ')}${rest}.${why}`,
    model ? `Use a LoRA for ${model}.` : 'Use a LoRA that was made for this model.',
  );
}
