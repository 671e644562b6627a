import { z } from 'zod';
import type { Kind } from './nodes.js';

export const graphSchema = z.record(
  z.string(),
  z.looseObject({ class_type: z.string(), inputs: z.record(z.string(), z.unknown()) }),
);
export type Graph = z.output<typeof graphSchema>;

interface Problem {
  readonly type: string;
  readonly message: string;
  readonly details: string;
  readonly extra_info: object;
}
const problem = (type: string, message: string, details = ''): Problem => ({
  ...{ type, message, details, extra_info: {} },
});

/** Why a workflow cannot be run, as `execution.py` says it. Undefined: it can. */
export function findRefusal(
  graph: Graph,
  kinds: Readonly<{ [name: string]: Kind }>,
): { error: Problem; node_errors: object } | undefined {
  const refuse = (error: Problem, node_errors = {}) => ({ error, node_errors });
  for (const [id, { class_type: name }] of Object.entries(graph))
    if (!Object.hasOwn(kinds, name))
      return refuse(problem('missing_node_type', `Node '${name}' not found.`, `Node ID '#${id}'`));
  const ends = Object.values(graph).filter(({ class_type: name }) => kinds[name]?.output_node);
  if (ends.length === 0) return refuse(problem('prompt_no_outputs', 'Prompt has no outputs'));
  const node_errors = Object.fromEntries(
    Object.entries(graph).flatMap(([id, node]) => {
      const errors = errorsOf(node, graph, kinds);
      return errors.length === 0
        ? []
        : [[id, { errors, dependent_outputs: [], class_type: node.class_type }] as const];
    }),
  );
  return Object.keys(node_errors).length === 0
    ? undefined
    : refuse(problem('prompt_outputs_failed_validation', 'Prompt outputs failed validation'), node_errors);
}

function errorsOf(
  { class_type: name, inputs }: Graph[string],
  graph: Graph,
  kinds: Readonly<{ [name: string]: Kind }>,
): Problem[] {
  return Object.entries(kinds[name]?.input.required ?? {}).flatMap(([input, [type, more]]) => {
    const value = inputs[input];
    if (value === undefined) return [problem('required_input_missing', 'Required input is missing', input)];
    if (Array.isArray(value)) {
      const [from, index] = value as [unknown, unknown];
      const source = graph[String(from)];
      const output = source && kinds[source.class_type]?.output[Number(index)];
      return output === type
        ? []
        : [problem('return_type_mismatch', 'Return type mismatch', `${input}, ${output}`)];
    }
    const list = Array.isArray(type) ? type : (more?.options as readonly string[] | undefined);
    if (list)
      return list.includes(value as string)
        ? []
        : [problem('value_not_in_list', 'Value not in list', `${input}: '${String(value)}' not in ${list}`)];
    if (type === 'STRING') return typeof value === 'string' ? [] : [wrongType(input)];
    if (type !== 'INT' && type !== 'FLOAT') return [wrongType(input)];
    const number = typeof value === 'number' ? value : Number.NaN;
    if (Number.isNaN(number) || (type === 'INT' && !Number.isInteger(number))) return [wrongType(input)];
    if (number < Number(more?.min))
      return [problem('value_smaller_than_min', 'Value smaller than min', input)];
    return number > Number(more?.max)
      ? [problem('value_bigger_than_max', 'Value bigger than max', input)]
      : [];
  });
}

const wrongType = (input: string) =>
  problem('invalid_input_type', 'Failed to convert an input value to the right type', input);
