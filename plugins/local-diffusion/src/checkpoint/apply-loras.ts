import type { Component } from './component.js';
import { invalidFiles } from './invalid-files.js';
import type { Lora, UnplacedLayer } from './lora.js';
import { type ComponentLora, type LoraLayer, sizeOfChange } from './lora-layer.js';
import { type LoraTarget, underscored } from './lora-names.js';
import { shareOut } from './lora-parts.js';
import { shapesAgree } from './shapes.js';
import { widenLayers } from './widened-layers.js';

/** The networks of a model, by the names of their folders in a diffusers checkpoint. */
type Components = Readonly<Record<string, Component | undefined>>;

/** What a LoRA was made for and what the model is, where that shows: for messages. */
export interface LoraTitles {
  titleOfLora(lora: Lora): string | undefined;
  readonly model: string | undefined;
  /** Told a sentence for a LoRA of which a part has no place in the model. */
  warn(message: string): void;
}

/**
 * Gives the networks of a model what LoRAs add to their layers. A graph written from such a component has the
 * input `lora_scales` [number of LoRAs] (`loraScalesInput`), unless no layer of it is changed: the weight of
 * each LoRA, in the order given here, at each run.
 *
 * @returns the components with their LoRAs; what is not a network, or not changed, is as it was
 * @throws ERR_MODEL_FILES_INVALID for a LoRA that was made for another kind of model, or of which no layer
 * has a place in this one
 */
export function applyLoras<Given extends Components>(
  given: Given,
  loras: readonly Lora[],
  titles: LoraTitles,
): Given {
  const components = widenLayers(given, loras);
  const placed = loras.map((lora) => place(lora, components, titles));
  const changed = Object.entries(components).flatMap(([name, component]) => {
    const own = placed.map(
      (layers, index): ComponentLora => ({
        file: loras[index]!.file,
        layers: layers.get(name) ?? new Map<string, LoraLayer>(),
      }),
    );
    return component && own.some(({ layers }) => layers.size > 0)
      ? [[name, { ...component, loras: own, tensors: replaced(component, own) }] as const]
      : [];
  });
  return { ...components, ...Object.fromEntries(changed) };
}

/** The tensors of a component with those that LoRAs replace; of several the last has its way. */
function replaced({ tensors }: Component, loras: readonly ComponentLora[]): Component['tensors'] {
  const replacements = loras.flatMap(({ layers }) =>
    [...layers].flatMap(([path, { replacement }]) =>
      replacement ? [[`${path}.weight`, replacement] as const] : [],
    ),
  );
  return replacements.length > 0 ? new Map([...tensors, ...replacements]) : tensors;
}

/** Layers by component and path. */
type Placed = Map<string, Map<string, LoraLayer>>;

function place(lora: Lora, components: Components, titles: LoraTitles): Placed {
  const finders = new Map<string, PlaceFinder>();
  const placed: Placed = new Map();
  const misfits: string[] = [];
  let misfitLayers = 0;
  for (const whole of lora.layers) {
    const before = misfits.length;
    const { target, name } = whole;
    const component = components[target.component];
    const find = finders.get(target.component) ?? placeFinder(target, component);
    finders.set(target.component, find);
    const layers = placed.get(target.component) ?? new Map<string, LoraLayer>();
    placed.set(target.component, layers);
    const places = find(whole);
    if (places.length === 0)
      misfits.push(`"${name}", which the model ${component ? 'does not have' : 'has no network for'}`);
    for (const { path, layer } of places) {
      const misfit = placeOne({ ...whole, ...layer }, path, layers, component);
      if (misfit !== undefined) misfits.push(misfit);
    }
    if (misfits.length > before) misfitLayers += 1;
  }
  const isPlaced = countOf(placed) > 0;
  if (misfits.length > 0) tellOfMisfits(lora, misfits, { misfitLayers, titles, isPlaced });
  return placed;
}

/** @returns what of it has no place; undefined where all has */
function placeOne(
  layer: UnplacedLayer,
  path: string,
  layers: Map<string, LoraLayer>,
  component: Component | undefined,
): string | undefined {
  const { name } = layer;
  const weight = component?.tensors.get(`${path}.weight`);
  if (!weight) return `"${name}", which the model does not have`;
  const zeros = component?.zeroColumns?.get(`${path}.weight`) ?? 0;
  const shape = weight.shape.map((size, axis) => (axis === 1 ? size + zeros : size));
  if (!fits(layer, shape))
    return `"${name}" for a layer of ${shapeOf(layer)}, which is one of [${shape}] in the model`;
  if (layers.has(path)) return `"${name}", which is the second change of ${path}`;
  if (!layer.bias || component?.tensors.has(`${path}.bias`)) {
    layers.set(path, layer);
    return undefined;
  }
  if (layer.change) layers.set(path, { ...layer, bias: undefined });
  return `the bias of "${name}", which has none in the model`;
}

const countOf = (placed: Placed): number =>
  [...placed.values()].reduce((count, layers) => count + layers.size, 0);

type PlaceFinder = (layer: UnplacedLayer) => readonly { readonly path: string; readonly layer: LoraLayer }[];

/** Finds the layers of a network by their underscored path, that of diffusers or the original one. */
function placeFinder(
  { originalPaths, originalParts }: LoraTarget,
  component: Component | undefined,
): PlaceFinder {
  const tensors = component?.tensors ?? new Map<string, never>();
  const paths = new Map(
    [...tensors.keys()]
      // Tables are looked up in, not multiplied with.
      .filter((name) => name.endsWith('.weight') && !name.includes('.embeddings.'))
      .map((name) => name.slice(0, -'.weight'.length))
      .map((path) => [underscored(path), path]),
  );
  const originalPathOf = originalPaths?.(tensors);
  const originalPartsOf = originalParts?.(tensors);
  return (layer) => {
    const { module } = layer;
    const original = paths.has(module) ? module : originalPathOf?.(module);
    const path = original && paths.get(underscored(original));
    if (path !== undefined) return [{ path, layer }];
    const parts = originalPartsOf?.(module);
    return parts ? [...shareOut(layer, parts)].map(([each, part]) => ({ path: each, layer: part })) : [];
  };
}

/** Kernels may lie in a file as rows of all their pixels. */
function fits({ change, magnitude, bias, replacement }: UnplacedLayer, shape: readonly number[]): boolean {
  if (replacement && !shapesAgree(replacement.shape, shape)) return false;
  const [outputs = 0, ...inputs] = shape;
  const columns = sizeOf(inputs);
  if (bias && sizeOf(bias.shape) !== outputs) return false;
  if (!change) return true;
  const [rows = outputs, wanted] = sizeOfChange(change);
  const isOfInputs = change.kind === 'scaling' && change.axis === 'inputs';
  const isMatrix = inputs.length > 0 || change.kind === 'difference';
  const norms = magnitude && sizeOf(magnitude.norms.shape);
  return (
    isMatrix &&
    rows === outputs &&
    (wanted ?? columns) === (isOfInputs ? inputs[0] : columns) &&
    (norms === undefined || norms === (magnitude?.axis === 'inputs' ? inputs[0] : outputs))
  );
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((one, other) => one * other, 1);

/** As the file has it: a kernel's pixels are columns there only where the factors say no more. */
function shapeOf({ change, replacement }: UnplacedLayer): string {
  if (replacement) return `[${replacement.shape}]`;
  if (change?.kind !== 'low-rank')
    return `[${change ? sizeOfChange(change).map((size) => size ?? 'any') : 'any'}]`;
  const { left, core, right } = change.product;
  return `[${[left.shape[0], ...right.shape.slice(1, 2), ...(core ?? right).shape.slice(2)]}]`;
}

const shown = 3;

interface MisfitContext {
  /** Layers of the LoRA; one may be divided over several of the model. */
  readonly misfitLayers: number;
  readonly titles: LoraTitles;
  readonly isPlaced: boolean;
}

/**
 * A part that has no place is told and left out; a LoRA for another kind of model is refused, as is one
 * without any place.
 */
function tellOfMisfits(
  lora: Lora,
  misfits: readonly string[],
  { misfitLayers, titles, isPlaced }: MisfitContext,
): void {
  const rest = misfits.length > shown ? `; and ${misfits.length - shown} more` : '';
  const list = `${misfits.slice(0, shown).join('; ')}${rest}`;
  const made = titles.titleOfLora(lora);
  const isOfAnother = made !== undefined && titles.model !== undefined && made !== titles.model;
  if (isPlaced && !isOfAnother) {
    titles.warn(
      `${misfitLayers} of the ${lora.layers.length} layers of ${lora.file} had no effect: they have no place in this model: ${list}.`,
    );
    return;
  }
  const why = made && made !== titles.model ? ` It was made for ${made}.` : '';
  throw invalidFiles(
    `${lora.file} does not fit this model: ${misfitLayers} of its ${lora.layers.length} layers have no place in it: ${list}.${why}`,
    titles.model ? `Use a LoRA for ${titles.model}.` : 'Use a LoRA that was made for this model.',
  );
}
