import type { FieldNames } from '../field-names.js';
import type { Graph } from './graph.js';
import type { ReadGraph } from './read-graph.js';

/** Prompts that have ended and are remembered. */
const mostEnded = 500;

export interface OutputFile {
  readonly filename: string;
  readonly subfolder: string;
  readonly type: 'output' | 'temp';
}

/** A graph that was taken, and what became of it. */
export interface Prompt {
  readonly id: string;
  readonly number: number;
  /** Id of the key that it came with; empty without keys. */
  readonly caller: string;
  /** What its client calls itself; empty where it does not. */
  readonly client: string;
  readonly graph: Graph;
  /** Ids of the nodes that keep or show its images. */
  readonly outputs: readonly string[];
  readonly nodes: Pick<ReadGraph, 'loader' | 'sampler' | 'decoder'>;
  readonly names: FieldNames;
  /** The job that makes it. */
  readonly job: string;
  state: 'pending' | 'running' | 'ended';
  /** What its client was told, as the history repeats it. */
  readonly messages: (readonly [string, object])[];
  /** By the ids of the nodes. */
  made: Readonly<Record<string, { readonly images: readonly OutputFile[] }>>;
  warnings: readonly object[];
}

/** What this server knows of prompts, as ComfyUI does: until it ends, and the oldest for not so long. */
export class Prompts {
  readonly #prompts = new Map<string, Prompt>();
  #count = 0;

  nextNumber(): number {
    this.#count += 1;
    return this.#count;
  }

  add(prompt: Prompt): void {
    this.#prompts.set(keyOf(prompt), prompt);
    const ended = [...this.#prompts.values()].filter(({ state }) => state === 'ended');
    for (const each of ended.slice(0, Math.max(0, ended.length - mostEnded))) this.remove(each);
  }

  remove(prompt: Prompt): void {
    this.#prompts.delete(keyOf(prompt));
  }

  find(caller: string, id: string): Prompt | undefined {
    return this.#prompts.get(keyOf({ caller, id }));
  }

  /** Those of a caller, the oldest first. */
  of(caller: string, ...states: readonly Prompt['state'][]): Prompt[] {
    return [...this.#prompts.values()].filter(
      (prompt) => prompt.caller === caller && states.includes(prompt.state),
    );
  }
}

const keyOf = ({ caller, id }: Pick<Prompt, 'caller' | 'id'>): string => `${caller}\n${id}`;

/** As `/queue` and the history list a prompt. */
export const listed = ({ number, id, graph, client, outputs }: Prompt): readonly unknown[] => [
  ...[number, id, graph, client === '' ? {} : { client_id: client }],
  outputs,
];

/** A prompt that has ended, as the history has it. */
export function historyOf(prompt: Prompt): object {
  const { messages, made, warnings } = prompt;
  const isMade = messages.some(([type]) => type === 'execution_success');
  return {
    prompt: listed(prompt),
    outputs: made,
    status: { status_str: isMade ? 'success' : 'error', completed: isMade, messages },
    meta: Object.fromEntries(
      Object.keys(made).map((id) => [
        id,
        { node_id: id, display_node: id, parent_node: null, real_node_id: id },
      ]),
    ),
    warnings,
  };
}
