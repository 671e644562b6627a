/**
 * What the server has: its kinds of nodes, and the files and names that each input takes.
 *
 * @module
 */
import { EaselError } from '@easel/plugin-sdk';
import { listed, type MatchedSampler, matchSampler, type Service } from '@easel/plugin-sdk/provider';
import { z } from 'zod';
import type { Graph, Options } from './settings.js';
import { split } from './workflow.js';

const inputsSchema = z.record(z.string(), z.tuple([z.unknown()]).rest(z.unknown())).optional();
const kindSchema = z.object({ input: z.object({ required: inputsSchema, optional: inputsSchema }) });
const answerSchema = z.record(z.string(), kindSchema);

/** What the inputs of a kind of node take, where that is a list. Undefined: there is no such kind. */
type Kind = ReadonlyMap<string, readonly string[]> | undefined;
export type Kinds = ReadonlyMap<string, Kind>;

/** Asks for the kinds of a workflow's nodes. */
export async function readKinds(service: Service, graph: Graph, signal: AbortSignal): Promise<Kinds> {
  const names = [...new Set(Object.values(graph).map(({ class_type: name }) => name))];
  const read = async (name: string): Promise<[string, Kind]> => {
    const { json } = await service.ask({ url: `object_info/${encodeURIComponent(name)}`, signal });
    const kind = answerSchema.safeParse(json).data?.[name];
    if (!kind) return [name, undefined];
    const inputs = Object.entries({ ...kind.input.required, ...kind.input.optional });
    return [name, new Map(inputs.flatMap(([input, spec]) => choicesOf(input, spec)))];
  };
  return new Map(await Promise.all(names.map(read)));
}

const optionsSchema = z.object({ options: z.array(z.unknown()) });

/** A list is written as the first of a pair, or since 2025 as `["COMBO", { options }]`. */
function choicesOf(input: string, [type, more]: readonly unknown[]): [string, readonly string[]][] {
  const list = Array.isArray(type) ? type : optionsSchema.safeParse(more).data?.options;
  return list ? [[input, list.filter((each) => typeof each === 'string')]] : [];
}

/**
 * Makes sure that the server can run a workflow.
 *
 * @param uploads inputs that are going to name a file that is not there yet
 * @throws EaselError ERR_MODEL_UNKNOWN with the names of what is missing, and of what there is
 */
export function checkNodes(graph: Graph, kinds: Kinds, uploads: readonly string[]): void {
  const missing = [...kinds].flatMap(([name, kind]) => (kind ? [] : [name]));
  if (missing.length > 0)
    throw new EaselError({
      code: 'ERR_MODEL_UNKNOWN',
      message: `The server has no nodes of the kind ${listed(missing)}.`,
      hint: 'Install the extension of ComfyUI that has them.',
    });
  for (const [id, { class_type: name, inputs }] of Object.entries(graph))
    for (const [input, choices] of kinds.get(name) ?? []) {
      const value = inputs[input];
      if (typeof value !== 'string' || choices.includes(value) || uploads.includes(`${id}.${input}`))
        continue;
      throw new EaselError({
        code: 'ERR_MODEL_UNKNOWN',
        message: `The server has no "${value.slice(0, 200)}" for ${input} of node ${id} (${name}).`,
        hint: `It has ${listed(choices)}.`,
      });
    }
}

/**
 * The names of a sampler and its schedule at the nodes that take them.
 *
 * @throws EaselError ERR_REQUEST_INVALID where they do not have it
 */
export function findSampler(asked: string, { workflow, places }: Options, kinds: Kinds): MatchedSampler {
  const choicesAt = (place = '.') => {
    const { node, input } = split(place);
    const choices = kinds.get(workflow[node]?.class_type ?? '')?.get(input) ?? [];
    return choices.map((value) => ({ value }));
  };
  return matchSampler(asked, choicesAt(places.sampler?.[0]), choicesAt(places.scheduler?.[0]));
}
