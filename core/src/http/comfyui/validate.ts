import { type Graph, linkOf, type Node, nodeOf } from './graph.js';
import { type Input, type NodeKind, nodeKinds } from './node-kinds.js';
import { type Lists, optionsOf } from './object-info.js';
import { inputProblem, type NodeProblems, type Problem, unknownKind } from './problems.js';

const kindOf = (name: string): NodeKind | undefined =>
  Object.hasOwn(nodeKinds, name) ? nodeKinds[name] : undefined;

/** Ids of the nodes that keep or show an image. */
export const outputsOf = (graph: Graph): string[] =>
  Object.keys(graph).filter((id) => kindOf(nodeOf(graph, id)?.class_type ?? '')?.isOutput);

/**
 * What is wrong with the nodes that lead to the outputs, as ComfyUI looks at them before it runs any. Others
 * have no effect, whatever they are.
 */
export function findProblems(graph: Graph, outputs: readonly string[], lists: Lists): NodeProblems {
  const problems = new Map<string, readonly Problem[]>();
  const seen = new Set<string>();
  const waiting = [...outputs];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const node = nodeOf(graph, id);
    if (seen.has(id) || !node) continue;
    seen.add(id);
    const kind = kindOf(node.class_type);
    const found = kind ? problemsOf(node, kind, graph, lists) : [unknownKind(id, node.class_type)];
    if (found.length > 0) problems.set(id, found);
    for (const value of Object.values(kind ? node.inputs : {})) {
      const from = linkOf(value)?.[0];
      if (from !== undefined) waiting.push(from);
    }
  }
  const loop = findLoop(graph, outputs);
  if (loop !== undefined) problems.set(loop, [dependencyCycle]);
  return problems;
}

const dependencyCycle: Problem = {
  type: 'dependency_cycle',
  message: 'Dependency cycle detected',
  details: 'The node leads back to itself.',
  extra_info: {},
};

/** A node that leads back to itself. Undefined: none does. */
function findLoop(graph: Graph, outputs: readonly string[]): string | undefined {
  const ended = new Set<string>();
  const open = new Set<string>();
  const visit = (id: string): string | undefined => {
    if (ended.has(id)) return undefined;
    if (open.has(id)) return id;
    open.add(id);
    for (const value of Object.values(nodeOf(graph, id)?.inputs ?? {})) {
      const link = linkOf(value);
      const loop = link && visit(link[0]);
      if (loop !== undefined) return loop;
    }
    open.delete(id);
    ended.add(id);
    return undefined;
  };
  for (const id of outputs) {
    const loop = visit(id);
    if (loop !== undefined) return loop;
  }
  return undefined;
}

function problemsOf({ inputs }: Node, { required, optional }: NodeKind, graph: Graph, lists: Lists) {
  return Object.entries({ ...optional, ...required }).flatMap(([name, input]) => {
    const value = inputs[name];
    if (value !== undefined && value !== null) return problemOf(name, input, value, graph, lists) ?? [];
    if (!Object.hasOwn(required, name)) return [];
    return inputProblem('required_input_missing', 'Required input is missing', name, '');
  });
}

function problemOf(
  name: string,
  input: Input,
  value: unknown,
  graph: Graph,
  lists: Lists,
): Problem | undefined {
  const link = linkOf(value);
  if (link) return linkProblem(name, input, link, graph);
  if (input.type === 'COMBO') {
    const text = String(value).slice(0, 200);
    if (input.list === 'files' || (input.isOpen && typeof value === 'string')) return undefined;
    const options = optionsOf(input.list, lists);
    if (typeof value === 'string' && (options.includes(value) || options.includes(withoutEnding(value))))
      return undefined;
    return inputProblem(
      'value_not_in_list',
      'Value not in list',
      name,
      `: '${text}' not in ${JSON.stringify(options.slice(0, 50))}`,
    );
  }
  if (input.type === 'STRING')
    return typeof value === 'string' ? undefined : wrongType(name, value, input.type);
  if (!('default' in input))
    return inputProblem(
      'bad_linked_input',
      'Bad linked input, must be a length-2 list of [node_id, slot_index]',
      name,
      `, received ${excerpt(value)}`,
    );
  const number = typeof value === 'boolean' ? Number.NaN : Number(value);
  if (Number.isNaN(number)) return wrongType(name, value, input.type);
  if (number < input.min)
    return inputProblem(
      'value_smaller_than_min',
      `Value ${number} smaller than min of ${input.min}`,
      name,
      '',
    );
  if (number > input.max)
    return inputProblem('value_bigger_than_max', `Value ${number} bigger than max of ${input.max}`, name, '');
  return undefined;
}

function linkProblem(name: string, { type }: Input, [id, output]: readonly [string, number], graph: Graph) {
  const from = nodeOf(graph, id);
  if (!from)
    return inputProblem(
      'bad_linked_input',
      'Bad linked input',
      name,
      `: there is no node "${id.slice(0, 100)}"`,
    );
  const given = kindOf(from.class_type)?.output[output];
  // A node of an unknown kind is told by itself.
  if (given === type || !kindOf(from.class_type)) return undefined;
  return inputProblem(
    'return_type_mismatch',
    'Return type mismatch between linked nodes',
    name,
    `, received_type(${given ?? 'nothing'}) mismatch input_type(${type})`,
  );
}

/** Graphs name files, and models here have none in their names. */
export const withoutEnding = (name: string): string =>
  name.replace(/\.(safetensors|sft|ckpt|gguf|pt|pth|bin)$/i, '');

const excerpt = (value: unknown): string => (JSON.stringify(value) ?? '').slice(0, 100);

const wrongType = (name: string, value: unknown, type: string): Problem =>
  inputProblem(
    'invalid_input_type',
    `Failed to convert an input value to a ${type} value`,
    name,
    `, ${excerpt(value)}`,
  );
