import { z } from 'zod';

/** Nodes of a graph; ComfyUI's own examples have some dozens. */
const mostNodes = 500;
/** Characters of a graph as JSON: it is kept with the history. */
const mostCharacters = 256 * 1024;

const nodeSchema = z.looseObject({
  class_type: z.string().max(200),
  inputs: z.record(z.string(), z.unknown()).default({}),
});
export type Node = z.output<typeof nodeSchema>;

/** A workflow as "Export (API)" writes it: nodes by their ids. */
export const graphSchema = z
  .record(z.string().max(200), nodeSchema)
  .refine((graph) => Object.keys(graph).length <= mostNodes, `must have at most ${mostNodes} nodes`)
  .refine(
    (graph) => JSON.stringify(graph).length <= mostCharacters,
    `must have at most ${mostCharacters} characters`,
  );
export type Graph = z.output<typeof graphSchema>;

/** Ids are the caller's words, "constructor" among them. */
export const nodeOf = (graph: Graph, id: string): Node | undefined =>
  Object.hasOwn(graph, id) ? graph[id] : undefined;

/** An output of a node, by the node's id and the output's place in it. */
export type Link = readonly [id: string, output: number];
const linkSchema = z.tuple([z.union([z.string(), z.int()]), z.int().min(0)]);

/** Undefined: the value is none. */
export function linkOf(value: unknown): Link | undefined {
  const { data } = linkSchema.safeParse(value);
  return data && [String(data[0]), data[1]];
}
