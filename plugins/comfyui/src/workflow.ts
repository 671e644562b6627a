import { EaselError, type GenerationRequest, type Warning } from '@easel/plugin-sdk';
import { droppedWarnings } from '@easel/plugin-sdk/provider';
import type { Graph, Options, PlaceName } from './settings.js';

/** What a call puts into a workflow, by the places. */
export type Values = { readonly [Name in PlaceName]?: readonly (string | number)[] | undefined };

/**
 * A workflow with the values of a call in its places.
 *
 * @throws EaselError ERR_CATALOGUE_INVALID where a place is of no node
 */
export function fill({ workflow, places }: Options, values: Values): Graph {
  const graph = structuredClone(workflow);
  for (const [name, list] of Object.entries(places) as [PlaceName, readonly string[] | undefined][])
    for (const [index, place] of (list ?? []).entries()) {
      const all = values[name] ?? [];
      // Images have a place each; of all else each place has the same.
      const value = name === 'images' ? all[index] : all[0];
      const { node, input } = split(place);
      const found = graph[node];
      if (!found)
        throw new EaselError({
          code: 'ERR_CATALOGUE_INVALID',
          message: `options.places.${name}: the workflow has no node "${node}".`,
        });
      if (value !== undefined) found.inputs[input] = value;
    }
  return graph;
}

export function split(place: string): { readonly node: string; readonly input: string } {
  const dot = place.lastIndexOf('.');
  return { node: place.slice(0, dot), input: place.slice(dot + 1) };
}

/**
 * Checks that a workflow can do what is asked for, and says what has no effect.
 *
 * @throws EaselError ERR_CATALOGUE_INVALID without a workflow, ERR_REQUEST_INVALID for what it needs
 */
export function warningsOf({ workflow, places }: Options, request: GenerationRequest): Warning[] {
  if (Object.keys(workflow).length === 0)
    throw new EaselError({
      code: 'ERR_CATALOGUE_INVALID',
      message: `The model "${request.model.id}" has no workflow.`,
      hint: 'Put what ComfyUI exports as "Export (API)" under options.workflow of its catalogue file.',
    });
  if (places.images && request.inputImages.length === 0)
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      field: 'inputImages',
      message: 'inputImages: the workflow needs an image to start from.',
    });
  return droppedWarnings(
    request,
    (name) => places[name === 'inputImages' ? 'images' : name] !== undefined,
    'the workflow has no place for it',
  );
}
