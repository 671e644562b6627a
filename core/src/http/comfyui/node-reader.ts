import type { Warning } from '@easel/plugin-sdk';
import { type Graph, type Link, linkOf, type Node, nodeOf } from './graph.js';
import { inputProblem, type Problem } from './problems.js';

/** A graph that Easel cannot make, because of one of its nodes. */
export class UnsupportedNode extends Error {
  constructor(
    readonly id: string,
    readonly problem: Problem,
  ) {
    super(problem.message);
  }
}

/** A node with its id. */
export interface FoundNode extends Node {
  readonly id: string;
}

/** Reads the nodes of a graph whose inputs were looked at before, and gathers what is to be told of them. */
export class NodeReader {
  readonly warnings: Warning[] = [];

  constructor(readonly graph: Graph) {}

  get(id: string): FoundNode {
    const node = nodeOf(this.graph, id);
    if (!node) throw new Error(`there is no node ${id}`);
    return { ...node, id };
  }

  link({ id, inputs }: FoundNode, name: string): Link {
    const link = linkOf(inputs[name]);
    if (!link) throw this.unsupported(this.get(id), name, 'is not linked');
    return link;
  }

  /** The node that an input comes from. */
  from(node: FoundNode, name: string): FoundNode {
    return this.get(this.link(node, name)[0]);
  }

  text({ inputs }: FoundNode, name: string): string {
    const value = inputs[name];
    return typeof value === 'string' ? value : '';
  }

  number({ inputs }: FoundNode, name: string): number {
    return Number(inputs[name]);
  }

  unsupported(node: FoundNode, input: string, why: string): UnsupportedNode {
    const problem = inputProblem('unsupported_graph', `${node.class_type}: ${input} ${why}.`, input, '');
    return new UnsupportedNode(node.id, problem);
  }

  ignore({ id }: FoundNode, input: string, why: string): void {
    this.#tell('parameter-dropped', `${id}.${input}`, `had no effect: ${why}.`);
  }

  adapt({ id }: FoundNode, input: string, what: string): void {
    this.#tell('parameter-adapted', `${id}.${input}`, `${what}.`);
  }

  #tell(code: Warning['code'], parameter: string, what: string): void {
    const message = `${parameter} ${what}`;
    if (!this.warnings.some((each) => each.message === message))
      this.warnings.push({ code, parameter, message });
  }
}
