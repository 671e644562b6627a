import { contentsOf, fieldNumbers, initializerNames, readNode, rewriteGraph } from '../onnx/message.js';
import { elementTypes } from '../onnx/onnx.js';
import {
  type DecomposableOperator,
  decomposableOperators,
  decompose,
  type FusedNode,
} from './decomposition.js';

/**
 * The same ONNX file with every node of the given operators written in simpler ones, for an execution provider that gets them wrong.
 * Weights stay where they lie.
 *
 * @throws Error for bytes that are no ONNX file, and for a node of a form that our graphs do not have
 */
export function withoutOperators(
  model: Uint8Array,
  operators: ReadonlySet<DecomposableOperator>,
): Uint8Array {
  if (operators.size === 0) return model;
  return rewriteGraph(model, (fields) => {
    const halves = new Set(initializerNames(fields, elementTypes.float16));
    const isWanted = (node: FusedNode) =>
      operators.has(node.operator) && (node.operator !== 'Gather' || halves.has(node.inputs[0] ?? ''));
    return Buffer.concat(
      fields.map(({ field, whole, content }) => {
        const fused = field === fieldNumbers.graph.node ? readFused(content) : undefined;
        return fused && isWanted(fused) ? contentsOf(decompose(fused)) : whole;
      }),
    );
  });
}

function readFused(bytes: Uint8Array): FusedNode | undefined {
  const { operator: name, inputs, outputs, numbers } = readNode(bytes);
  const operator = decomposableOperators.find((each) => each === name);
  return operator && { operator, inputs, output: outputs[0] ?? '', numbers };
}
