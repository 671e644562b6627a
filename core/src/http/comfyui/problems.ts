import type { ErrorAnswer } from '../errors.js';
import { type Graph, nodeOf } from './graph.js';

/** What is wrong, as ComfyUI's `execution.py` says it. */
export interface Problem {
  readonly type: string;
  readonly message: string;
  readonly details: string;
  readonly extra_info: object;
}

/** Problems by the ids of their nodes. */
export type NodeProblems = ReadonlyMap<string, readonly Problem[]>;

/** Why a graph is not made. */
export interface Refusal {
  readonly error: Problem;
  readonly node_errors: Readonly<Record<string, object>>;
}

/** A problem with an input of a node; `details` begins with the input's name, as there. */
export const inputProblem = (type: string, message: string, input: string, details: string): Problem => ({
  type,
  message,
  details: details === '' ? input : `${input}${details}`,
  extra_info: { input_name: input },
});

/** A node of a kind that there is not. */
export const unknownKind = (id: string, kind: string): Problem => ({
  type: 'missing_node_type',
  message: `Node '${kind}' not found.`,
  details: `Node ID '#${id}': Easel has no node "${kind}". GET /object_info lists those that it has.`,
  extra_info: { node_id: id, class_type: kind },
});

/** The body of a refused graph: of several problems the first is told in `error`, and all by their nodes. */
export function refuse(graph: Graph, problems: NodeProblems): Refusal {
  const all = [...problems].flatMap(([, each]) => each);
  const missing = all.find(({ type }) => type === 'missing_node_type');
  const about = (id: string, errors: readonly Problem[]) => ({
    errors,
    dependent_outputs: [],
    class_type: nodeOf(graph, id)?.class_type ?? '',
  });
  return {
    error: missing ?? {
      type: 'prompt_outputs_failed_validation',
      message: 'Prompt outputs failed validation',
      details: '',
      extra_info: {},
    },
    node_errors: Object.fromEntries([...problems].map(([id, errors]) => [id, about(id, errors)])),
  };
}

/** Any other error, in the same shape. */
export const comfyError = ({ code, message, hint, param }: ErrorAnswer): Refusal => ({
  error: {
    type: code,
    message: hint ? `${message} ${hint}` : message,
    details: param ?? '',
    extra_info: {},
  },
  node_errors: {},
});
